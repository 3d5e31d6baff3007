"""Which fields there are, and which of them are for whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from services.members.custom_fields.conditions import stored_text
from services.members.models import CustomFieldRow, MemberRow, RosterRow
from shared.errors import NotFound
from shared.uow import UnitOfWork


def list_fields(uow: UnitOfWork, *, lock: bool = False) -> Sequence[CustomFieldRow]:
    """In the society's order, also those that are retired: what is known of them stays. With `lock`, nobody changes
    one before the commit."""
    statement = _there().order_by(CustomFieldRow.ordinal, CustomFieldRow.id)
    return uow.session.scalars(statement.with_for_update(read=True) if lock else statement).all()


def revisions(fields: Iterable[CustomFieldRow]) -> dict[str, int]:
    """By which what was read of them is known to be out of date."""
    return {field.id: field.revision for field in fields}


def used_fields(uow: UnitOfWork) -> Sequence[CustomFieldRow]:
    """Those that the office fills in."""
    return [field for field in list_fields(uow) if not field.retired_at]


def asked_fields(uow: UnitOfWork) -> Sequence[CustomFieldRow]:
    """Those of the application form."""
    return [field for field in used_fields(uow) if field.in_application]


def shown_fields(uow: UnitOfWork, person: MemberRow) -> Sequence[CustomFieldRow]:
    """Those that they see on My Page. The society asks its members, not guests who only have an account."""
    return [field for field in used_fields(uow) if field.for_member != "hidden"] if person.kind != "guest" else []


def own_fields(uow: UnitOfWork, person: MemberRow) -> Sequence[CustomFieldRow]:
    """Those that they edit there."""
    return [field for field in shown_fields(uow, person) if field.for_member == "edited"]


def field_by_id(uow: UnitOfWork, id: str, *, lock: bool = False) -> CustomFieldRow:
    """Raises NotFound, also for one that is being removed."""
    row = uow.get(CustomFieldRow, id, lock=lock)
    if row.removed_at:
        raise NotFound
    return row


def holders(key: str) -> sa.Select[Any]:
    """The members of whom something is known there."""
    return sa.select(MemberRow).where(stored_text(MemberRow.custom, key).is_not(None))


def count_holders(uow: UnitOfWork, key: str) -> int:
    """How many they are: reads all members once."""
    count: int | None = uow.session.scalar(holders(key).with_only_columns(sa.func.count(MemberRow.id)))
    return count or 0


def headers_without_field(uow: UnitOfWork) -> list[str]:
    """Columns of imported rosters that became texts of members because no field is called so."""
    imported = sa.select(RosterRow.custom).where(RosterRow.holds == "members", RosterRow.state == "imported")
    known = {field.key for field in list_fields(uow)}
    brought = dict.fromkeys(header for custom in uow.session.scalars(imported) for header in custom)
    return [header for header in brought if header not in known]


def _there() -> sa.Select[Any]:
    return sa.select(CustomFieldRow).where(CustomFieldRow.removed_at.is_(None))
