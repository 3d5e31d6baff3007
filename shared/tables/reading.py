"""Tables in: one entrance for CSV and XLSX files that people upload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from shared.errors import N_, Fault, InvalidInput
from shared.tables.cells import clean, show_control_characters
from shared.tables.columns import Column, Header, understand_header
from shared.tables.csv_in import CsvSource
from shared.tables.limits import MEBI, Limits
from shared.tables.source import CellFault, Source
from shared.tables.xlsx_in import XlsxSource

_DEFAULT = Limits()
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


class Table:
    """A file whose header was understood. `rows()` streams it from the start, as often as it is called.

    `faults` holds what was wrong with single cells (formulas, error values, control characters); it is complete once
    `rows()` is exhausted, and starts anew with each `rows()`. Import only what has no faults."""

    def __init__(self, source: Source, header: Header, limits: Limits) -> None:
        self.custom = header.custom
        self.keys = tuple(key for key in header.keys if key is not None)
        self.faults: list[Fault] = []
        self._source = source
        self._header = header
        self._limits = limits

    def __iter__(self) -> Iterator[tuple[int, dict[str, str]]]:
        return self.rows()

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """(row number as a spreadsheet counts, {column name or custom header: text}); wholly empty rows are left out.

        Raises InvalidInput when the file turns out to be broken or beyond a limit."""
        self.faults.clear()
        keys, first = self._header.keys, self._header.row
        blank = dict.fromkeys(self.keys, "")
        all_named = None not in keys
        rows = cells_read = 0
        for number, cells, faults in self._source.rows():
            if number <= first:
                continue
            for fault in faults:
                self._add(fault, keys, number)
            cells = [clean(cell) for cell in cells]
            if not any(cells):
                continue
            rows += 1
            cells_read += len(cells)
            if rows > self._limits.max_rows:
                _refuse(N_("The file has more than %(limit)s rows."), limit=self._limits.max_rows)
            if cells_read > self._limits.max_cells:
                _refuse(N_("The file has more than %(limit)s cells."), limit=self._limits.max_cells)
            self._check(cells, keys, number)
            if all_named and len(cells) == len(keys):
                yield number, dict(zip(self.keys, cells, strict=True))
            else:
                yield number, blank | {key: cell for key, cell in zip(keys, cells, strict=False) if key is not None}

    def _check(self, cells: list[str], keys: Sequence[str | None], number: int) -> None:
        for position, cell in enumerate(cells):
            if cell and (position >= len(keys) or keys[position] is None):
                self._add((position, N_("This cell stands in a column without a header."), {}), keys, number)
            if not cell.isprintable() and (shown := show_control_characters(cell)) != cell:
                self._add((position, N_("This cell holds an unprintable character."), {}), keys, number)
                cells[position] = shown
            if len(cell) > self._limits.max_cell_characters:
                text = N_("This cell is longer than %(limit)s characters.")
                self._add((position, text, {"limit": self._limits.max_cell_characters}), keys, number)

    def _add(self, fault: CellFault, keys: Sequence[str | None], number: int) -> None:
        position, text, params = fault
        if len(self.faults) < self._limits.max_faults:
            key = keys[position] if position < len(keys) else None
            self.faults.append(Fault(text, params, key or column_letters(position), number))


def read_table(
    path: Path,
    *,
    columns: Sequence[Column],
    max_bytes: int = _DEFAULT.max_bytes,
    max_rows: int = _DEFAULT.max_rows,
    max_cells: int = _DEFAULT.max_cells,
) -> Table:
    """Open a CSV (UTF-8 with or without BOM, UTF-16 with BOM, CP932; commas or tabs) or XLSX file.

    Its content decides, not its name. Memory stays flat whatever its size.

    Raises InvalidInput: too large, not a table, undecodable, a bomb, no header, doubled or missing headers."""
    limits = Limits(max_bytes=max_bytes, max_rows=max_rows, max_cells=max_cells)
    size = path.stat().st_size
    if size > max_bytes:
        _refuse(
            N_("The file is too large: %(size)s MiB, at most %(limit)s MiB are read."),
            size=-(-size // MEBI),
            limit=max_bytes // MEBI,
        )
    source = _source(path, limits)
    for number, cells, _ in source.rows():
        cells = [show_control_characters(clean(cell)) for cell in cells]
        if any(cells):
            return Table(source, understand_header(number, cells, columns), limits)
    raise InvalidInput(faults=[Fault(N_("The file is empty."))])


def column_letters(position: int) -> str:
    """0 → A, 27 → AB: how spreadsheets name a column without a header."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _source(path: Path, limits: Limits) -> Source:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(b"PK"):
        return XlsxSource(path, limits)
    if start == _OLD_EXCEL:
        _refuse(N_("This is an old Excel file (.xls) or has a password. Save it as .xlsx without password, or as CSV."))
    return CsvSource(path, limits)


def _refuse(text: str, /, **params: object) -> None:
    raise InvalidInput(faults=[Fault(text, params)])
