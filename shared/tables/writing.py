"""Tables out: CSV as a stream of bytes, XLSX into a file; neither lets a cell become a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import xlsxwriter

from shared.errors import N_, Fault, InvalidInput
from shared.tables.cells import guard, looks_like_formula

Cell = str | int | float | date | datetime | bool | None
CsvEncoding = Literal["utf-8-sig", "utf-8", "cp932"]
CSV_ENCODINGS: tuple[CsvEncoding, ...] = ("utf-8-sig", "utf-8", "cp932")
_ROWS_IN_A_PIECE = 500


def write_csv(
    headers: Sequence[str], rows: Iterable[Sequence[Cell]], *, encoding: CsvEncoding = "utf-8-sig"
) -> Iterator[bytes]:
    """A CSV file in pieces, lines ending in CRLF. Excel opens `utf-8-sig` by a double click; `cp932` is for old tools.

    Raises InvalidInput, naming row and column, where a character (𠮷) is not in the encoding: never a silent `?`."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([guard(header) for header in headers])
    lead = b"\xef\xbb\xbf" if encoding == "utf-8-sig" else b""
    codec = "cp932" if encoding == "cp932" else "utf-8"
    pending: list[tuple[int, Sequence[Cell]]] = [(1, headers)]

    def piece() -> bytes:
        try:
            data = buffer.getvalue().encode(codec)
        except UnicodeEncodeError as error:
            raise InvalidInput(faults=_unencodable(pending, headers, codec)) from error
        buffer.seek(0)
        buffer.truncate()
        pending.clear()
        return data

    for number, row in enumerate(rows, start=2):
        writer.writerow([guard(cell) if isinstance(cell, str) else _as_text(cell) for cell in row])
        pending.append((number, row))
        if len(pending) >= _ROWS_IN_A_PIECE:
            yield lead + piece()
            lead = b""
    yield lead + piece()


@dataclass(frozen=True)
class Sheet:
    """One sheet of an XLSX file. `widths`: of its columns, in characters."""

    name: str
    headers: Sequence[str]
    rows: Iterable[Sequence[Cell]] = ()
    widths: Sequence[int] = ()


MOST_XLSX_ROWS = 1_048_576  # of the format: what is beyond would be missing without a word
TOO_LONG = N_("An Excel sheet holds no more than 1,048,576 rows. Please choose CSV.")


def write_xlsx(headers: Sequence[str], rows: Iterable[Sequence[Cell]], path: Path, *, sheet: str = "Sheet1") -> None:
    """An XLSX file, written row by row in flat memory. Text is always typed as text, numbers and dates as such."""
    write_sheets([Sheet(sheet, headers, rows)], path)


def write_sheets(sheets: Iterable[Sheet], path: Path) -> None:
    """As `write_xlsx`, with several sheets; reading takes the first."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        quoted = book.add_format({"quote_prefix": True})  # stays text when somebody edits the cell, too
        for sheet in sheets:
            page = book.add_worksheet(sheet.name)
            page.freeze_panes(1, 0)
            for column, width in enumerate(sheet.widths):
                page.set_column(column, column, width)
            for column, header in enumerate(sheet.headers):
                page.write_string(0, column, header, bold)
            for number, row in enumerate(sheet.rows, start=1):
                if number >= MOST_XLSX_ROWS:
                    raise InvalidInput(faults=[Fault(TOO_LONG)])
                for column, cell in enumerate(row):
                    if cell is None or cell == "":
                        continue
                    if isinstance(cell, str):
                        page.write_string(number, column, cell, quoted if looks_like_formula(cell) else None)
                    elif isinstance(cell, bool):
                        page.write_boolean(number, column, cell)
                    elif isinstance(cell, datetime):
                        page.write_datetime(number, column, cell.replace(tzinfo=None), moment)
                    elif isinstance(cell, date):
                        page.write_datetime(number, column, cell, day)
                    else:
                        page.write_number(number, column, cell)


def _as_text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _unencodable(rows: Iterable[tuple[int, Sequence[Cell]]], headers: Sequence[str], codec: str) -> list[Fault]:
    faults = []
    for number, row in rows:
        for header, cell in zip(headers, row, strict=False):
            lost = "".join(c for c in str(cell) if not _fits(c, codec)) if isinstance(cell, str) else ""
            if lost:
                text = N_("“%(characters)s” cannot be written in this encoding (%(encoding)s). Choose UTF-8.")
                faults.append(Fault(text, {"characters": lost, "encoding": codec.upper()}, header, number))
    return faults


def _fits(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
