"""The society's own order of what it defines: categories, kinds of records, custom fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def move_one_place(rows: Sequence[Any], at: int, *, up: bool) -> None:
    """`rows` in their order, numbered anew by `ordinal`: the one at this place goes up or down by one. At an end it
    stays there."""
    moved = list(rows)
    moved.insert(max(0, at - 1 if up else at + 1), moved.pop(at))
    for ordinal, row in enumerate(moved, start=1):
        row.ordinal = ordinal
