"""Membership cards 会員証 (M17+): what they show, until when they are valid, and what others see of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.members.categories import category_by_code
from services.members.errors.papers import NoCardToday
from services.members.models import CardSettingsRow, CategoryRow, MemberRow
from services.members.search_conditions import KINDS
from services.members.standings.periods import standing_today
from services.members.standings.words import CURRENT
from shared import audit
from shared.japan.calendar import fiscal_year_of, fiscal_year_span
from shared.uow import UnitOfWork


@dataclass(frozen=True)
class Card:
    """Of somebody who is a member today."""

    member: MemberRow
    category: CategoryRow | None
    valid_until: date


def card_of(uow: UnitOfWork, person_id: str) -> Card:
    """Raises NotFound, NoCardToday."""
    member = uow.get(MemberRow, person_id)
    if member.kind not in KINDS or standing_today(uow, member) not in CURRENT:
        raise NoCardToday
    return Card(member, category_by_code(uow, member.category), _valid_until(uow, member))


def card_settings(uow: UnitOfWork) -> CardSettingsRow:
    found = uow.session.scalars(sa.select(CardSettingsRow)).one_or_none()
    return found or CardSettingsRow(valid_until=None, signatory="", signatory_en="")


def change_card_settings(
    uow: UnitOfWork, *, valid_until: date | None, signatory: str, signatory_en: str
) -> CardSettingsRow:
    """What is printed from now on; certificates that were issued stay as they are."""
    row = card_settings(uow)
    given = {"valid_until": valid_until, "signatory": signatory, "signatory_en": signatory_en}
    before = {name: getattr(row, name) for name in given}
    for name, value in given.items():
        setattr(row, name, value)
    uow.add(row)
    audit.record(uow, "change-card-settings", "card-settings", before=audit.plain(before), after=audit.plain(given))
    return row


def _valid_until(uow: UnitOfWork, member: MemberRow) -> date:
    """What the society says, else the end of the fiscal year; never longer than the membership."""
    said, starts = card_settings(uow).valid_until, uow.society.fiscal_year_starts
    _, year_ends = fiscal_year_span(fiscal_year_of(uow.today, starts), starts)
    valid = said if said and said >= uow.today else year_ends
    return min(valid, member.leaves_on) if member.leaves_on and member.leaves_on >= uow.today else valid
