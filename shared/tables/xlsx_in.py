"""XLSX in, first version through calamine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import python_calamine

from shared.tables.limits import Limits
from shared.tables.package import Package, broken
from shared.tables.source import RawRow


class XlsxSource:
    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        Package(path, limits)

    def rows(self) -> Iterator[RawRow]:
        try:
            book = python_calamine.CalamineWorkbook.from_path(str(self._path))
            sheet = book.get_sheet_by_index(0)
        except python_calamine.CalamineError as error:
            raise broken() from error
        start = sheet.start[0] if sheet.start else 0
        for number, row in enumerate(sheet.iter_rows(), start=start + 1):
            yield number, [_text(cell) for cell in row], []


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat()
    return cell.isoformat() if isinstance(cell, date) else str(cell)
