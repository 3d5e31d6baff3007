"""Members out: the rows of a search with the headers that an import reads back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.custom_fields.finding import list_fields
from services.members.custom_fields.words import as_it_stands, in_words
from services.members.models import MemberRow
from services.members.rosters.columns import COLUMNS, HEADERS, title
from services.members.search import standing_on
from services.members.values import KIND_WORDS
from shared.tables.columns import fold_header
from shared.tables.writing import Cell
from shared.uow import UnitOfWork

CHUNK = 2_000


class Export:
    """One file: `headers`, then `rows()`, streamed. `category` and `standing` turn codes into words of the reader.

    `on`: standings are told as they were on this day, which then stands in their header."""

    def __init__(
        self,
        uow: UnitOfWork,
        found: sa.Select[Any],
        *,
        language: str,
        category: Callable[[str], str],
        standing: Callable[[str], str],
        on: date | None = None,
    ) -> None:
        self._uow = uow
        self._found = found
        self._on = on
        self._words = {"category": category, "standing": standing, "kind": self._kind}
        self._language = language
        held = self._held()
        self._fields = [field for field in list_fields(uow) if field.key in held or not field.retired_at]
        known = {field.key for field in self._fields}
        self.custom = [key for key in held if key not in known]  # what no field is called
        labels = [field.label_in(language) for field in self._fields]
        own = [f"{name} *" if fold_header(name) in HEADERS else name for name in (*labels, *self.custom)]
        self.headers = [*(self._header(column.name, language) for column in COLUMNS), *own]  # none stands there twice

    def rows(self) -> Iterator[list[Cell]]:
        ordered = self._found.order_by(MemberRow.number, MemberRow.id).execution_options(yield_per=CHUNK)
        stood = standing_on(self._on) if self._on else MemberRow.standing
        for member, standing in self._uow.session.execute(ordered.add_columns(stood)):
            yield [
                *(self._cell(member, standing, column.name) for column in COLUMNS),
                *(in_words(field, member.custom.get(field.key), self._language) for field in self._fields),
                *(as_it_stands(member.custom.get(name, ""), self._language) for name in self.custom),
            ]
            self._uow.session.expunge(member)

    def _header(self, name: str, language: str) -> str:
        day = f" {self._on}" if self._on and name == "standing" else ""  # not to be read back as that of today
        return title(name, language) + day

    def _cell(self, member: MemberRow, standing: str, name: str) -> Cell:
        value: Cell = standing if name == "standing" else getattr(member, name)
        word = self._words.get(name)
        return word(value) if word and isinstance(value, str) else value

    def _kind(self, code: str) -> str:
        """Nothing of guests and contacts: they are no members."""
        return KIND_WORDS[code][self._language == "en"] if code in KIND_WORDS else ""

    def _held(self) -> list[str]:
        """The keys under which anything is known of those who are found."""
        columns = self._found.with_only_columns(MemberRow.custom).execution_options(yield_per=CHUNK)
        return list(dict.fromkeys(name for custom in self._uow.session.scalars(columns) for name in custom))
