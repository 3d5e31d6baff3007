"""Lists of any size: sorting, filters and pages live in the address, so that a place can be kept and shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import request
from sqlalchemy.orm import Session

SIZES = (20, 50, 100, 200)


@dataclass(frozen=True)
class Listed:
    """One page of a list, for the macros in `kit/tables.html`."""

    rows: Sequence[Any]
    total: int
    page: int
    size: int
    sort: str
    more: bool = False  # there are more than `total`, and nobody has counted them

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Number of the first row shown, counted from 1; 0 when there is none."""
        return (self.page - 1) * self.size + 1 if self.total else 0

    @property
    def last(self) -> int:
        return min(self.page * self.size, self.total)

    def address(self, **changes: Any) -> str:
        """This page's address with some arguments changed and all others kept. None takes an argument away."""
        kept = [(k, v) for k, v in request.args.items(multi=True) if k not in changes and v != ""]
        return "?" + urlencode([*kept, *((k, v) for k, v in changes.items() if v is not None)])

    def direction(self, column: str) -> str | None:
        """`ascending` or `descending` if the list is sorted by this column."""
        return {column: "ascending", f"-{column}": "descending"}.get(self.sort)

    def sorted_by(self, column: str) -> str:
        """Address that sorts by a column, or turns it round; from the first page."""
        return self.address(sort=f"-{column}" if self.sort == column else column, page=None)


def list_rows(
    session: Session,
    statement: sa.Select[Any],
    sortable: Mapping[str, sa.ColumnElement[Any] | Any],
    *,
    sort: str,
    unique: Any,
    size: int = 50,
    count_to: int | None = None,
) -> Listed:
    """The page of a statement that the address asks for (`sort`, `page`, `size`); nonsense in it counts as not said.

    `sort` is the default (`-` before the name: downwards), `unique` a column that makes the order certain (the id).
    `count_to`: where counting all of a million would take too long, it ends here, and so do the pages."""
    wanted = request.args.get("sort", "")
    chosen = wanted if wanted.removeprefix("-") in sortable else sort
    size = _number("size", size) if _number("size", size) in SIZES else size
    counted = statement.order_by(None).limit(count_to + 1) if count_to else statement.order_by(None)
    total = session.scalar(sa.select(sa.func.count()).select_from(counted.subquery())) or 0
    more = count_to is not None and total > count_to
    total = count_to if count_to is not None and more else total
    page = max(1, min(_number("page", 1), -(-total // size) or 1))
    column = sortable[chosen.removeprefix("-")]
    order = (column.desc(), unique.desc()) if chosen.startswith("-") else (column, unique)  # one index for both ways
    found = session.execute(statement.order_by(*order).limit(size).offset((page - 1) * size))
    rows: Sequence[Any] = found.scalars().all() if len(statement.column_descriptions) == 1 else found.all()
    return Listed(rows, total, page, size, chosen, more)


def _number(name: str, otherwise: int) -> int:
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else otherwise
