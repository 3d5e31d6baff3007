"""Kinds of records 履歴種別 that the society defines."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from services.members.errors.papers import RecordKindExists, RecordKindInUse
from services.members.models import RecordKindRow, RecordRow
from services.members.ordering import move_one_place
from services.members.standings.words import fold_word
from shared import audit
from shared.uow import UnitOfWork


def list_kinds(uow: UnitOfWork) -> Sequence[RecordKindRow]:
    """In the society's order."""
    return uow.session.scalars(sa.select(RecordKindRow).order_by(RecordKindRow.ordinal, RecordKindRow.id)).all()


def count_records(uow: UnitOfWork) -> dict[str, int]:
    """How many records each kind has, by its id."""
    statement = sa.select(RecordRow.kind_id, sa.func.count()).group_by(RecordRow.kind_id)
    return {str(id): count for id, count in uow.session.execute(statement).all()}


def add_kind(uow: UnitOfWork, *, name: str, name_en: str) -> RecordKindRow:
    """A new last kind. Raises RecordKindExists."""
    known = list_kinds(uow)
    _refuse_known(known, name, name_en)
    row = uow.add(RecordKindRow(name=name, name_en=name_en, ordinal=max((r.ordinal for r in known), default=0) + 1))
    uow.session.flush()
    audit.record(uow, "add-record-kind", f"record-kind/{row.id}", after={"name": name, "name_en": name_en})
    return row


def change_kind(uow: UnitOfWork, id: str, *, name: str, name_en: str) -> RecordKindRow:
    """Raises NotFound, RecordKindExists."""
    row = uow.get(RecordKindRow, id, lock=True)
    _refuse_known([other for other in list_kinds(uow) if other.id != id], name, name_en)
    before = {"name": row.name, "name_en": row.name_en}
    row.name, row.name_en = name, name_en
    audit.record(
        uow, "change-record-kind", f"record-kind/{id}", before=before, after={"name": name, "name_en": name_en}
    )
    return row


def move_kind(uow: UnitOfWork, id: str, *, up: bool) -> None:
    """One place up or down in the society's order. Raises NotFound."""
    row = uow.get(RecordKindRow, id)
    rows = list_kinds(uow)
    move_one_place(rows, rows.index(row), up=up)
    audit.record(uow, "move-record-kind", f"record-kind/{id}", after={"ordinal": row.ordinal})


def remove_kind(uow: UnitOfWork, id: str) -> None:
    """Raises NotFound, RecordKindInUse."""
    row = uow.get(RecordKindRow, id, lock=True)
    if count := count_records(uow).get(id, 0):
        raise RecordKindInUse(count=count)
    audit.record(uow, "remove-record-kind", f"record-kind/{id}", before={"name": row.name, "name_en": row.name_en})
    uow.session.delete(row)


def _refuse_known(others: Sequence[RecordKindRow], *names: str) -> None:
    """Files name kinds in either language, so that no name may mean two."""
    if {fold_word(name) for name in names} & {fold_word(name) for row in others for name in (row.name, row.name_en)}:
        raise RecordKindExists
