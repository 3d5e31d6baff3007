"""Records out: what a search finds, with the headers that an import reads back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from services.members.models import MemberRow, RecordKindRow, RecordRow
from services.members.records.columns import COLUMNS, SHOWN, title
from services.members.records.keeping import keeping_of
from shared.tables.writing import Cell
from shared.uow import UnitOfWork

CHUNK = 2_000


def headers(language: str) -> Sequence[str]:
    return [title(column.name, language) for column in (*COLUMNS, *SHOWN)]


def rows(uow: UnitOfWork, found: sa.Select[Any, Any, Any], language: str) -> Iterator[Sequence[Cell]]:
    """Streamed, in the order of the members' numbers and of the days. `found`: see `matching_records`."""
    keeping = keeping_of(uow)
    kinds = {row.id: row.name_in(language) for row in uow.session.scalars(sa.select(RecordKindRow))}
    plain = found.with_only_columns(RecordRow, MemberRow.number, MemberRow.email, MemberRow.name)
    ordered = plain.order_by(MemberRow.number, RecordRow.starts_on, RecordRow.id).execution_options(yield_per=CHUNK)
    for record, number, email, name in uow.session.execute(ordered):
        yield (
            record.id,
            kinds[record.kind_id],
            int(record.public),
            number,
            email,
            record.title,
            record.title_en,
            record.starts_on,
            record.ends_on if record.ends_on != record.starts_on else None,
            record.note,
            name,
            record.registered_on,
            keeping.goes_on(record.registered_on),
        )
        uow.session.expunge(record)
