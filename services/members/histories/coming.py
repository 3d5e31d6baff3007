"""Scheduled changes 変更予定 take effect on their day, by themselves (M5, M8)."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa

from services.members.histories.settling import histories, settle
from services.members.histories.tracks import CATEGORY, STANDING, TRACKS, Track
from services.members.models import CategoryEntryRow, MemberRow, StandingRow
from services.members.search_conditions import KINDS
from shared.service import RunningService
from shared.trouble import again
from shared.uow import UnitOfWork

AT_ONCE = 5_000  # members in a transaction


def let_standings_come(uow: UnitOfWork) -> None:
    """Due work: whatever starts today or started before, and is not in force yet; some thousands at each turn."""
    _let_come(uow, STANDING, action="let-standing-come")


def let_categories_come(uow: UnitOfWork) -> None:
    """Due work, likewise."""
    _let_come(uow, CATEGORY, action="let-category-come")


def begin_all_histories(running: RunningService) -> None:
    """Due work: members who came while an older release was still running have no history yet. Some thousands in a
    transaction, until nobody is left."""
    for society in running.societies():
        last: str | None = None
        while last := again(partial(_begin_next, running, society, last)):
            pass


def _begin_next(running: RunningService, society: str, after: str | None) -> str | None:
    with running.unit(society) as uow:
        return begin_histories(uow, after)


def begin_histories(uow: UnitOfWork, after: str | None = None) -> str | None:
    """Of the next some thousands of them, in the order of their ids. Returns the last; None when there was nobody."""
    standing, category = (sa.exists().where(rows.member_id == MemberRow.id) for rows in (StandingRow, CategoryEntryRow))
    missing = ~standing | (MemberRow.category.is_not(None) & ~category)
    statement = sa.select(MemberRow).where(MemberRow.kind.in_(KINDS), missing).order_by(MemberRow.id).limit(AT_ONCE)
    if after:
        statement = statement.where(MemberRow.id > after)
    rows = uow.session.scalars(statement.with_for_update(skip_locked=True)).all()
    for track in TRACKS:
        histories(uow, track, rows)
    return rows[-1].id if rows else None


def _let_come(uow: UnitOfWork, track: Track, *, action: str) -> None:
    waiting = sa.select(track.rows.member_id).where(track.rows.in_force_at.is_(None), track.rows.starts_on <= uow.today)
    statement = sa.select(MemberRow).where(MemberRow.id.in_(waiting)).order_by(MemberRow.id).limit(AT_ONCE)
    rows = uow.session.scalars(statement.with_for_update(skip_locked=True)).all()
    if rows:
        settle(uow, track, rows, histories(uow, track, rows), action=action)
