"""What a reader of one file format gives to the rest: raw rows, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

CellFault = tuple[int, str, dict[str, Any]]  # position in the row, text, params
RawRow = tuple[int, list[str], list[CellFault]]


class Source(Protocol):
    def rows(self) -> Iterator[RawRow]:
        """Every row of the file from its first: (number as a spreadsheet counts, cells as text, faults of cells)."""
        ...
