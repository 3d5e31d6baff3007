"""Societies 学会 (tenants): made here, known everywhere (SocietyChanged)."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from services.members.errors.societies import SlugTaken
from services.members.models import CategoryRow, RecordKindRow
from shared import audit, demo
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
