"""Lists as files for a spreadsheet: CSV as it is read, Excel by way of a temporary file. Neither holds all rows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from flask import Response, send_file, stream_with_context

from shared.tables import write_csv, write_xlsx
from shared.tables.writing import Cell
from shared.uow import UnitOfWork
from shared.web.access import reading

Content = Callable[[UnitOfWork], tuple[Sequence[str], Iterable[Sequence[Cell]]]]  # headers, and rows as they are read


def sheet_answer(name: str, kind: str, title: str, content: Content) -> Response:
    """`kind`: csv or xlsx, the ending of the file. `title`: of the sheet. `content` is asked in a transaction
    that lasts until its last row is read."""
    file_name = f"{name}.{kind}"
    if kind == "csv":
        answer = Response(stream_with_context(_csv(content)), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f"attachment; filename={file_name}"
        return answer
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file, reading() as uow:
        headers, rows = content(uow)
        write_xlsx(headers, rows, Path(file.name), sheet=title)
        return send_file(open(file.name, "rb"), download_name=file_name, as_attachment=True)


def _csv(content: Content) -> Iterator[bytes]:
    with reading() as uow:
        yield from write_csv(*content(uow))
