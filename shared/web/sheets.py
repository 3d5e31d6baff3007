"""Lists as files for a spreadsheet: CSV as it is read, Excel by way of a temporary file. Neither holds all rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from flask import Response, send_file, stream_with_context

from shared.tables import CSV_ENCODINGS, write_csv, write_xlsx
from shared.tables.writing import Cell, CsvEncoding
from shared.uow import UnitOfWork
from shared.web.access import reading

Content = Callable[[UnitOfWork], tuple[Sequence[str], Iterable[Sequence[Cell]]]]  # headers, and rows as they are read


def sheet_answer(
    name: str, kind: str, title: str, content: Content, *, encoding: CsvEncoding = CSV_ENCODINGS[0]
) -> Response:
    """`kind`: csv or xlsx, the ending of the file. `title`: of the sheet. `content` is asked in a transaction
    that lasts until its last row is read.

    Raises InvalidInput for a CSV in cp932 that has a character which cp932 has not."""
    file_name = f"{name}.{kind}"
    if kind == "csv" and encoding != "cp932":
        answer = Response(stream_with_context(_csv(content, encoding)), mimetype="text/csv")
        quoted = quote(file_name, safe="")
        said = f"filename={file_name}" if quoted == file_name else f"filename*=UTF-8''{quoted}"
        answer.headers["Content-Disposition"] = f"attachment; {said}"
        return answer
    with tempfile.NamedTemporaryFile(suffix=f".{kind}") as file, reading() as uow:
        headers, rows = content(uow)
        if kind == "csv":  # whether all of it can be written is known at its end only
            file.writelines(write_csv(headers, rows, encoding=encoding))
            file.flush()
        else:
            write_xlsx(headers, rows, Path(file.name), sheet=title)
        return send_file(open(file.name, "rb"), download_name=file_name, as_attachment=True)


def _csv(content: Content, encoding: CsvEncoding) -> Iterator[bytes]:
    with reading() as uow:
        yield from write_csv(*content(uow), encoding=encoding)
