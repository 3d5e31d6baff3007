"""The two histories that a member has. They are kept alike; what may follow what, each says itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.members.errors.histories import CategoryOnThatDay, NoCategoryToday, NoStandingToday, StandingOnThatDay
from services.members.histories.entries import Entry, since
from services.members.models import CategoryEntryRow, DatedEntry, StandingRow
from services.members.standings.dates import first_entries, refuse_following
from services.members.standings.words import STANDINGS
from shared.errors import TsudoiError, Word

History = list[DatedEntry]  # of one member, by day


@dataclass(frozen=True)
class Track:
    """`name`: the column of the value, of an entry and (as of today) of the member. `action`, `recorded_as`: what the
    audit trail calls a change, and the history in it."""

    name: str
    action: str
    recorded_as: str
    rows: type[DatedEntry]
    on_that_day: Callable[[Entry], TsudoiError]
    refuse_following: Callable[[str, str], TsudoiError | None]  # of one value by another
    none_today: type[TsudoiError]
    first: Callable[[Any, date], list[Entry]]  # what is known of whoever comes with the fields of a person

    def entry(self, row: DatedEntry) -> Entry:
        return Entry(row.starts_on, getattr(row, self.name))


STANDING = Track(
    name="standing",
    action="change-standing",
    recorded_as="history",
    rows=StandingRow,
    on_that_day=lambda there: StandingOnThatDay.of(there.starts_on, Word(STANDINGS[there.value])),
    refuse_following=refuse_following,
    none_today=NoStandingToday,
    first=lambda who, today: first_entries(who.standing, who.joined_on, who.leaves_on, today),
)
CATEGORY = Track(
    name="category",
    action="change-member-category",
    recorded_as="categories",
    rows=CategoryEntryRow,
    on_that_day=lambda there: CategoryOnThatDay.of(there.starts_on),
    refuse_following=lambda before, after: None,  # any category may follow any other
    none_today=NoCategoryToday,
    first=lambda who, today: [Entry(since(who.joined_on, today), who.category)] if who.category else [],
)
TRACKS = (STANDING, CATEGORY)
