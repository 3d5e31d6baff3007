"""How long people who have left are kept 保存期間, and who is erased when. Applications that were withdrawn go after a
month; whoever works for the office, is to come back, or is held back, stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.members.errors.erasure import ErasureHeld, NotToBeErased, PersonErased
from services.members.keeping import AHEAD, DAY, NOTICE, Going, Keeping, by_month, keep_for, kept
from services.members.models import AccountRow, ContactRow, HoldRow, MemberRow, PersonKeepingRow, StandingRow
from services.members.search_conditions import KINDS
from services.members.standings.words import ENDED
from shared import audit
from shared.people import ERASED
from shared.uow import UnitOfWork

DEFAULT_YEARS, MOST_YEARS = 3, 10
MONTH = timedelta(days=31)  # for an application that was withdrawn


def keeping_of(uow: UnitOfWork) -> Keeping:
    return kept(uow, PersonKeepingRow, DEFAULT_YEARS)


def set_keeping(uow: UnitOfWork, years: int) -> Keeping:
    """A longer time counts at once, a shorter one after thirty days."""
    return keep_for(uow, PersonKeepingRow, DEFAULT_YEARS, years, action="set-person-keeping", subject="person-keeping")


def goes_on(keeping: Keeping, standing: str, since: date, recorded_on: date) -> date:
    """The day on which somebody is erased who has had this last standing since then. However long ago that was, the
    office first sees them in the list for thirty days: a roster may bring people who left long ago."""
    day = since + MONTH if standing == "withdrawn_application" else keeping.goes_on(since)
    return max(day, recorded_on + NOTICE)


def _speaks_on_hold() -> sa.ColumnElement[bool]:
    """A contact of this corporate member is held back, and with them the corporate member."""
    of_contact = sa.select(ContactRow.id).join(HoldRow, HoldRow.person_id == ContactRow.id)
    return of_contact.where(ContactRow.corporation_id == MemberRow.id).exists()


def gone() -> sa.Select[Any, Any, Any, Any]:
    """(member, since when, their hold or None, when that was recorded) of all who have left and are kept for a time."""
    later = aliased(StandingRow)
    overtaken = sa.exists().where(later.member_id == StandingRow.member_id, later.starts_on > StandingRow.starts_on)
    works = sa.exists().where(AccountRow.person_id == MemberRow.id, AccountRow.is_staff)
    return (
        sa.select(MemberRow, StandingRow.starts_on, HoldRow, StandingRow.recorded_at)
        .join(StandingRow, StandingRow.member_id == MemberRow.id)
        .outerjoin(HoldRow, HoldRow.person_id == MemberRow.id)
        .where(StandingRow.standing.in_(ENDED), StandingRow.in_force_at.is_not(None), ~overtaken)
        .where(MemberRow.standing == StandingRow.standing, MemberRow.kind.in_(KINDS), ~works)
        .where(~_speaks_on_hold())
    )


def over_by(keeping: Keeping, day: date) -> sa.ColumnElement[bool]:
    """Of `gone()`: whose time is over on a day."""
    applied = StandingRow.standing == "withdrawn_application"
    known = StandingRow.recorded_at < datetime.combine(day - NOTICE + DAY, time.min, UTC)
    over = sa.or_(
        sa.and_(applied, StandingRow.starts_on <= day - MONTH),
        sa.and_(~applied, StandingRow.starts_on < keeping.gone_on(day)),
    )
    return sa.and_(known, over)


def going_within(uow: UnitOfWork, ahead: timedelta = AHEAD) -> Sequence[Going]:
    """Who is erased by itself from now on, by month; without those who are held back."""
    keeping = keeping_of(uow)
    found = gone().where(over_by(keeping, uow.today + ahead), HoldRow.person_id.is_(None))
    recorded = sa.func.date(StandingRow.recorded_at, type_=sa.Date)
    by_day = found.with_only_columns(StandingRow.standing, StandingRow.starts_on, recorded, sa.func.count())
    rows = uow.session.execute(by_day.group_by(StandingRow.standing, StandingRow.starts_on, recorded))
    days = sorted(
        (max(goes_on(keeping, standing, since, known), uow.today), count) for standing, since, known, count in rows
    )
    return by_month(days)


def day_of(uow: UnitOfWork, id: str) -> date | None:
    """When somebody is erased by themselves; None: not foreseen."""
    found = uow.session.execute(gone().where(MemberRow.id == id)).one_or_none()
    return goes_on(keeping_of(uow), found[0].standing, found[1], found[3].date()) if found and not found[2] else None


def hold_of(uow: UnitOfWork, id: str) -> HoldRow | None:
    return uow.session.scalars(sa.select(HoldRow).where(HoldRow.person_id == id)).one_or_none()


def hold_back(uow: UnitOfWork, id: str, reason: str) -> HoldRow:
    """Somebody stays until they are released 保留: they owe money, something is in dispute. Raises NotFound,
    PersonErased."""
    person = uow.get(MemberRow, id, lock=True)
    if person.kind == ERASED:
        raise PersonErased
    row = hold_of(uow, id)
    if row and row.reason == reason:
        return row
    before = {"reason": row.reason if row else ""}
    row = row or uow.add(HoldRow(person_id=id))
    row.reason, row.held_at, row.held_by = reason, uow.now, uow.actor.name
    audit.record(uow, "hold-back-person", f"member/{id}", before=before, after={"reason": reason})
    uow.session.flush()
    return row


def release(uow: UnitOfWork, id: str) -> None:
    """They go with the others again. Raises NotFound."""
    uow.get(MemberRow, id, lock=True)
    if row := hold_of(uow, id):
        audit.record(uow, "release-person", f"member/{id}", before={"reason": row.reason}, after={"reason": ""})
        uow.session.delete(row)


def refuse_needed(uow: UnitOfWork, person: MemberRow) -> None:
    """Whoever is still a member or contact; of a guest nothing says when they are not needed any more.

    Raises PersonErased, NotToBeErased, ErasureHeld."""
    if person.kind == ERASED:
        raise PersonErased
    roles = uow.session.scalar(sa.select(AccountRow.roles).where(AccountRow.person_id == person.id))
    if roles or (person.standing not in ENDED and person.kind != "guest"):
        raise NotToBeErased(name=person.name)
    if uow.session.scalar(sa.select(_speaks_on_hold()).where(MemberRow.id == person.id)):
        raise ErasureHeld(name=person.name)
