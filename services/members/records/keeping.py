"""How long records are kept 保存期間: one year from the day of registration, or up to eight as the society sets; then
they are deleted by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from services.members.keeping import AHEAD, Going, Keeping, by_month, keep_for, kept
from services.members.models import RecordKeepingRow, RecordRow
from shared import audit
from shared.uow import UnitOfWork

DEFAULT_YEARS, MOST_YEARS = 1, 8
AT_ONCE = 10_000  # records deleted in a transaction; the others follow a minute later


def keeping_of(uow: UnitOfWork) -> Keeping:
    return kept(uow, RecordKeepingRow, DEFAULT_YEARS)


def set_keeping(uow: UnitOfWork, years: int) -> Keeping:
    """A longer time counts at once, a shorter one after thirty days."""
    return keep_for(uow, RecordKeepingRow, DEFAULT_YEARS, years, action="set-record-keeping", subject="record-keeping")


def going_within(uow: UnitOfWork, ahead: timedelta = AHEAD) -> Sequence[Going]:
    """What is deleted by itself from now on, by month."""
    keeping = keeping_of(uow)
    statement = sa.select(RecordRow.registered_on, sa.func.count()).group_by(RecordRow.registered_on)
    statement = statement.where(RecordRow.registered_on < keeping.gone_on(uow.today + ahead))
    found = uow.session.execute(statement.order_by(RecordRow.registered_on))
    return by_month((max(keeping.goes_on(day), uow.today), count) for day, count in found)


def forget_old_records(uow: UnitOfWork) -> None:
    """Due work: records whose time is over."""
    before = keeping_of(uow).gone_on(uow.today)
    old = sa.select(RecordRow.id).where(RecordRow.registered_on < before).order_by(RecordRow.registered_on)
    ids = uow.session.scalars(old.limit(AT_ONCE)).all()
    if not ids:
        return
    statement = sa.delete(RecordRow).where(RecordRow.id.in_(ids))
    uow.session.execute(statement, execution_options={"synchronize_session": False})
    audit.record(
        uow, "forget-old-records", "records", after={"count": len(ids), "registered_before": before.isoformat()}
    )
