"""How long records are kept 保存期間: one year from the day of registration, or up to eight as the society sets; then
they are deleted by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from services.members.models import RecordKeepingRow, RecordRow
from shared import audit
from shared.uow import UnitOfWork

DEFAULT_YEARS, MOST_YEARS = 1, 8
NOTICE = timedelta(days=30)  # before a shorter time counts, so that everything can still be downloaded
DAY = timedelta(days=1)
AHEAD = timedelta(days=366)
AT_ONCE = 10_000  # records deleted in a transaction; the others follow a minute later


@dataclass(frozen=True)
class Keeping:
    """`years` count from `counts_from` on; before that day, `years_before`, which are more."""

    years: int = DEFAULT_YEARS
    years_before: int = DEFAULT_YEARS
    counts_from: date = date.min

    def years_on(self, day: date) -> int:
        return self.years if day >= self.counts_from else self.years_before

    def goes_on(self, registered_on: date) -> date:
        """The day on which a record is deleted: the one after its last day."""
        sooner = max(last_day(registered_on, self.years) + DAY, self.counts_from)
        return min(sooner, last_day(registered_on, self.years_before) + DAY)

    def gone_on(self, day: date) -> date:
        """Whatever was registered before this date is deleted on `day` at the latest."""
        return _years_ago(day, self.years_on(day))


@dataclass(frozen=True)
class Going:
    """What is deleted in one month: how many, and from which day to which."""

    count: int
    first: date
    last: date


def last_day(registered_on: date, years: int) -> date:
    """The anniversary; of a 29 February, the 28th."""
    try:
        return registered_on.replace(year=registered_on.year + years)
    except ValueError:
        return registered_on.replace(year=registered_on.year + years, day=28)


def keeping_of(uow: UnitOfWork) -> Keeping:
    row = uow.session.get(RecordKeepingRow, uow.society_id)
    return Keeping(row.years, row.years_before, row.counts_from) if row else Keeping()


def set_keeping(uow: UnitOfWork, years: int) -> Keeping:
    """A longer time counts at once, a shorter one after NOTICE."""
    now = keeping_of(uow).years_on(uow.today)
    if years == keeping_of(uow).years:
        return keeping_of(uow)
    counts_from = uow.today if years >= now else uow.today + NOTICE
    row = uow.session.get(RecordKeepingRow, uow.society_id, with_for_update=True) or uow.add(RecordKeepingRow())
    audit.record(
        uow,
        "set-record-keeping",
        "record-keeping",
        before={"years": now},
        after={"years": years, "counts_from": counts_from.isoformat()},
    )
    row.years, row.years_before, row.counts_from = years, max(now, years), counts_from
    uow.session.flush()
    return keeping_of(uow)


def going_within(uow: UnitOfWork, ahead: timedelta = AHEAD) -> Sequence[Going]:
    """What is deleted by itself from now on, by month."""
    keeping = keeping_of(uow)
    statement = sa.select(RecordRow.registered_on, sa.func.count()).group_by(RecordRow.registered_on)
    statement = statement.where(RecordRow.registered_on < keeping.gone_on(uow.today + ahead))
    months: dict[tuple[int, int], Going] = {}
    for registered_on, count in uow.session.execute(statement.order_by(RecordRow.registered_on)):
        day = max(keeping.goes_on(registered_on), uow.today)
        known = months.get((day.year, day.month))
        months[day.year, day.month] = Going(known.count + count, known.first, day) if known else Going(count, day, day)
    return list(months.values())


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


def _years_ago(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # a 29 February: what was registered on the 28th has had its anniversary
        return date(day.year - years, 3, 1)
