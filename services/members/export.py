"""Members out: the rows of a search with the headers that an import reads back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from services.members.models import MemberRow
from services.members.rosters.columns import COLUMNS, title
from shared.tables.writing import Cell
from shared.uow import UnitOfWork

CHUNK = 2_000


class Export:
    """One file: `headers`, then `rows()`, streamed. `category` and `standing` turn codes into words of the reader."""

    def __init__(
        self,
        uow: UnitOfWork,
        found: sa.Select[Any],
        *,
        language: str,
        category: Callable[[str], str],
        standing: Callable[[str], str],
    ) -> None:
        self._uow = uow
        self._found = found
        self._words = {"category": category, "standing": standing}
        self.custom = self._custom_headers()
        self.headers = [*(title(column.name, language) for column in COLUMNS), *self.custom]

    def rows(self) -> Iterator[list[Cell]]:
        ordered = self._found.order_by(MemberRow.number, MemberRow.id).execution_options(yield_per=CHUNK)
        for member in self._uow.session.scalars(ordered):
            yield [
                *(self._cell(member, column.name) for column in COLUMNS),
                *(member.custom.get(name, "") for name in self.custom),
            ]
            self._uow.session.expunge(member)

    def _cell(self, member: MemberRow, name: str) -> Cell:
        value: Cell = getattr(member, name)
        word = self._words.get(name)
        return word(value) if word and isinstance(value, str) else value

    def _custom_headers(self) -> list[str]:
        columns = self._found.with_only_columns(MemberRow.custom).execution_options(yield_per=CHUNK)
        return list(dict.fromkeys(name for custom in self._uow.session.scalars(columns) for name in custom))
