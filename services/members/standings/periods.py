"""Periods of membership 会員期間, as the history of standings tells them; a day that is not known stays unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.members.histories.entries import DAY, Entry
from services.members.histories.settling import histories
from services.members.histories.tracks import STANDING
from services.members.models import MemberRow, StandingRow
from services.members.standings.dates import GONE
from services.members.standings.words import MEMBERSHIP
from shared.uow import UnitOfWork


@dataclass(frozen=True)
class Period:
    """First and last day, both included. No first day: it is not known; no last day: the membership goes on."""

    begins: date | None
    ends: date | None


def standing_today(uow: UnitOfWork, row: MemberRow) -> str:
    """Also in the moments after midnight, before a scheduled change has taken effect."""
    due = sa.select(StandingRow.standing).where(
        StandingRow.member_id == row.id, StandingRow.in_force_at.is_(None), StandingRow.starts_on <= uow.today
    )
    return uow.session.scalars(due.order_by(StandingRow.starts_on.desc()).limit(1)).one_or_none() or row.standing


def periods_of(uow: UnitOfWork, row: MemberRow) -> Sequence[Period]:
    """Oldest first. The member is locked: a history that an older release did not write is begun with this."""
    known = map(STANDING.entry, histories(uow, STANDING, [row])[row.id])
    history = [entry for entry in known if entry.starts_on <= uow.today]
    if history and history[0].value in GONE:
        return [*_told(row, history[0].starts_on - DAY), *_recorded(history)]
    found = _recorded(history)
    if found and row.joined_on and row.joined_on <= (found[0].ends or uow.today):
        found[0] = Period(row.joined_on, found[0].ends)
    return found


def _told(row: MemberRow, last_day: date) -> Sequence[Period]:
    """Of somebody whose history begins with the end: a roster may have told both days."""
    known = row.joined_on and row.joined_on <= last_day == row.leaves_on
    return [Period(row.joined_on, last_day)] if known else []


def _recorded(history: Sequence[Entry]) -> list[Period]:
    found: list[Period] = []
    begins: date | None = None
    was_member = False
    for n, entry in enumerate(history):
        is_member = entry.value in MEMBERSHIP
        if is_member and not was_member:
            begins = entry.starts_on if n else None  # what a history begins with may only have been recorded that day
        if was_member and not is_member:
            found.append(Period(begins, entry.starts_on - DAY))
        was_member = is_member
    return [*found, Period(begins, None)] if was_member else found
