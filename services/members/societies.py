"""Societies 学会 (tenants): made, suspended and resumed here, known everywhere (SocietyChanged)."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from services.members.errors.societies import SlugTaken
from services.members.models import CategoryRow, RecordKindRow
from shared import audit, demo
from shared.errors import NotFound
from shared.messages.members import Society, SocietyChanged
from shared.society import SocietyRow
from shared.uow import UnitOfWork

FIRST_CATEGORIES = demo.CATEGORIES
FIRST_RECORD_KINDS = (("イベント参加", "Event attendance"), ("受賞", "Award"), ("役職", "Post"))


def create_society(
    uow: UnitOfWork,
    *,
    slug: str,
    name: str,
    name_en: str,
    zone: str = "Asia/Tokyo",
    fiscal_year_starts: int = 4,
    email: str = "",
    address: str = "",
    phone: str = "",
    registration_number: str | None = None,
    registered_from: date | None = None,
) -> SocietyRow:
    """A new society with the usual first categories and kinds of records; the unit of work is in it (its id is the
    unit's society).

    Raises SlugTaken."""
    if uow.session.scalars(sa.select(SocietyRow).where(SocietyRow.slug == slug)).one_or_none():
        raise SlugTaken
    society = Society(
        id=str(uow.society_id),
        revision=1,
        slug=slug,
        name=name,
        name_en=name_en,
        zone=zone,
        fiscal_year_starts=fiscal_year_starts,
        email=email,
        address=address,
        phone=phone,
        registration_number=registration_number,
        registered_from=registered_from,
    )
    row = uow.add(SocietyRow(**{field: getattr(society, field) for field in society.__struct_fields__}))
    for ordinal, (code, ja, en) in enumerate(FIRST_CATEGORIES, start=1):
        uow.add(CategoryRow(code=code, name=ja, name_en=en, ordinal=ordinal))
    for ordinal, (ja, en) in enumerate(FIRST_RECORD_KINDS, start=1):
        uow.add(RecordKindRow(name=ja, name_en=en, ordinal=ordinal))
    uow.session.flush()
    audit.record(uow, "create-society", f"society/{slug}", after={"name": name})
    uow.say(SocietyChanged(society=society))
    return row


def suspend_society(uow: UnitOfWork, *, reason: str) -> None:
    """Nobody of it gets in from now on, its due work and mail rest; money and messages are still taken. Nothing is
    lost, and whoever was logged in goes on after it was resumed. Suspended already: nothing."""
    _set_suspended(uow, True, reason, action="suspend-society")


def resume_society(uow: UnitOfWork, *, reason: str) -> None:
    """What has become due meanwhile is caught up."""
    _set_suspended(uow, False, reason, action="resume-society")


def _set_suspended(uow: UnitOfWork, suspended: bool, reason: str, *, action: str) -> None:
    row = uow.session.get(SocietyRow, uow.society_id, with_for_update=True)
    if row is None:
        raise NotFound
    if row.suspended == suspended:
        return
    row.suspended, row.revision = suspended, row.revision + 1
    audit.record(uow, action, f"society/{row.slug}", after={"reason": reason})
    public = {field: getattr(row, field) for field in Society.__struct_fields__}
    uow.say(SocietyChanged(society=Society(**public)))
