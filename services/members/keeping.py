"""How long something is kept 保存期間: whole years from a day on, as the society sets; a shorter time is told before.

What is kept so: history records (`records/keeping.py`), people who have left (`erasure/due.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from services.members.models.keeping import KeptFor
from shared import audit
from shared.uow import UnitOfWork

NOTICE = timedelta(days=30)  # before a shorter time counts, so that everything can still be downloaded
DAY = timedelta(days=1)
AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class Keeping:
    """`years` count from `counts_from` on; before that day, `years_before`, which are more."""

    years: int
    years_before: int
    counts_from: date = date.min

    def facts(self, today: date) -> dict[str, int | date | None]:
        """As the API tells it: a day from which a shorter time counts only while it is to come."""
        counts_from = self.counts_from if self.counts_from > today else None
        return {"years": self.years, "years_before": self.years_before, "counts_from": counts_from}

    def years_on(self, day: date) -> int:
        return self.years if day >= self.counts_from else self.years_before

    def goes_on(self, since: date) -> date:
        """The day on which it is deleted: the one after its last day."""
        sooner = max(last_day(since, self.years) + DAY, self.counts_from)
        return min(sooner, last_day(since, self.years_before) + DAY)

    def gone_on(self, day: date) -> date:
        """Whatever began before this date is deleted on `day` at the latest."""
        return _years_ago(day, self.years_on(day))


@dataclass(frozen=True)
class Going:
    """What is deleted in one month: how many, and from which day to which."""

    count: int
    first: date
    last: date


def last_day(since: date, years: int) -> date:
    """The anniversary; of a 29 February, the 28th."""
    try:
        return since.replace(year=since.year + years)
    except ValueError:
        return since.replace(year=since.year + years, day=28)


def kept(uow: UnitOfWork, settings: type[KeptFor], otherwise: int) -> Keeping:
    """As the society has set it, or `otherwise` so many years."""
    row = uow.session.get(settings, uow.society_id)
    return Keeping(row.years, row.years_before, row.counts_from) if row else Keeping(otherwise, otherwise)


def keep_for(
    uow: UnitOfWork,
    settings: type[KeptFor],
    otherwise: int,
    years: int,
    *,
    action: str,
    subject: str,
) -> Keeping:
    """A longer time counts at once, a shorter one after NOTICE."""
    known = kept(uow, settings, otherwise)
    if years == known.years:
        return known
    now = known.years_on(uow.today)
    counts_from = uow.today if years >= now else uow.today + NOTICE
    row = uow.session.get(settings, uow.society_id, with_for_update=True)
    if row is None:
        row = settings()
        uow.session.add(row)
    after = {"years": years, "counts_from": counts_from.isoformat()}
    audit.record(uow, action, subject, before={"years": now}, after=after)
    row.years, row.years_before, row.counts_from = years, max(now, years), counts_from
    uow.session.flush()
    return kept(uow, settings, otherwise)


def by_month(counted: Iterable[tuple[date, int]]) -> list[Going]:
    """`counted`: (day of deletion, how many), the earliest first."""
    months: dict[tuple[int, int], Going] = {}
    for day, count in counted:
        known = months.get((day.year, day.month))
        months[day.year, day.month] = Going(known.count + count, known.first, day) if known else Going(count, day, day)
    return list(months.values())


def _years_ago(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # a 29 February: what began on the 28th has had its anniversary
        return date(day.year - years, 3, 1)
