"""Scheduled changes 変更予定 take effect on their day, by themselves (M5)."""

from __future__ import annotations

import sqlalchemy as sa

from services.members.models import MemberRow, StandingRow
from services.members.standings.settling import begin_history, histories, settle
from shared.uow import UnitOfWork

AT_ONCE = 5_000  # members in a transaction; the others follow a minute later


def let_standings_come(uow: UnitOfWork) -> None:
    """Due work: whatever starts today or started before, and is not in force yet."""
    due = sa.select(StandingRow.member_id).where(StandingRow.in_force_at.is_(None), StandingRow.starts_on <= uow.today)
    statement = sa.select(MemberRow).where(MemberRow.id.in_(due)).order_by(MemberRow.id).limit(AT_ONCE)
    rows = uow.session.scalars(statement.with_for_update(skip_locked=True)).all()
    if rows:
        settle(uow, rows, histories(uow, rows), action="let-standing-come")


def begin_histories(uow: UnitOfWork) -> None:
    """Due work: members who came while an older release was still running have no history yet."""
    known = sa.exists().where(StandingRow.member_id == MemberRow.id)
    statement = sa.select(MemberRow).where(MemberRow.kind != "guest", ~known).order_by(MemberRow.id).limit(AT_ONCE)
    for row in uow.session.scalars(statement.with_for_update(skip_locked=True)).all():
        begin_history(uow, row)
