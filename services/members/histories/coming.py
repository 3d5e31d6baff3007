"""Scheduled changes 変更予定 take effect on their day, by themselves (M5, M8)."""

from __future__ import annotations

import sqlalchemy as sa

from services.members.histories.settling import histories, settle
from services.members.histories.tracks import CATEGORY, STANDING, TRACKS, Track
from services.members.models import CategoryEntryRow, MemberRow, StandingRow
from services.members.models.people import MERGED
from shared.uow import UnitOfWork

AT_ONCE = 5_000  # members in a transaction; the others follow at the next turn


def let_standings_come(uow: UnitOfWork) -> None:
    """Due work: whatever starts today or started before, and is not in force yet."""
    _let_come(uow, STANDING, action="let-standing-come")


def let_categories_come(uow: UnitOfWork) -> None:
    """Due work, likewise."""
    _let_come(uow, CATEGORY, action="let-category-come")


def begin_histories(uow: UnitOfWork) -> None:
    """Due work: members who came while an older release was still running have no history yet."""
    standing, category = (sa.exists().where(rows.member_id == MemberRow.id) for rows in (StandingRow, CategoryEntryRow))
    missing = ~standing | (MemberRow.category.is_not(None) & ~category)
    statement = (
        sa.select(MemberRow)
        .where(MemberRow.kind.not_in(("guest", MERGED)), missing)
        .order_by(MemberRow.id)
        .limit(AT_ONCE)
    )
    rows = uow.session.scalars(statement.with_for_update(skip_locked=True)).all()
    for track in TRACKS:
        histories(uow, track, rows)


def _let_come(uow: UnitOfWork, track: Track, *, action: str) -> None:
    waiting = sa.select(track.rows.member_id).where(track.rows.in_force_at.is_(None), track.rows.starts_on <= uow.today)
    statement = sa.select(MemberRow).where(MemberRow.id.in_(waiting)).order_by(MemberRow.id).limit(AT_ONCE)
    rows = uow.session.scalars(statement.with_for_update(skip_locked=True)).all()
    if rows:
        settle(uow, track, rows, histories(uow, track, rows), action=action)
