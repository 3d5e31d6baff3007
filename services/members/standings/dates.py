"""What histories may look like: which standing follows which, and what is known where a history begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from services.members.errors import NoStandingToday, StandingCannotFollow, StandingOnThatDay
from services.members.standings.words import ENDED, STANDINGS
from shared.errors import N_, Fault, Word

DAY = timedelta(days=1)
GONE = frozenset({"left", "expelled"})  # their first day without membership follows the day of leaving 退会予定日
FOLLOWS: Mapping[str, frozenset[str]] = {
    "applying": frozenset({"active", "withdrawn_application"}),
    "active": frozenset({"on_leave", "leaving", "left", "expelled"}),
    "on_leave": frozenset({"active", "leaving", "left", "expelled"}),
    "leaving": frozenset({"active", "left", "expelled"}),
    "left": frozenset({"active"}),
    "expelled": frozenset({"active"}),
    "withdrawn_application": frozenset({"applying", "active"}),
}


@dataclass(frozen=True, order=True)
class Entry:
    """From a day on, a standing."""

    starts_on: date
    standing: str

    def __str__(self) -> str:
        """As the audit trail keeps it; `words.history_word` makes words of it."""
        return f"{self.starts_on.isoformat()} {self.standing}"


def first_entries(standing: str, joined_on: date | None, leaves_on: date | None, today: date) -> list[Entry]:
    """What is known of somebody who comes with a standing and perhaps dates: nothing is invented."""
    if standing in GONE and leaves_on and leaves_on < today:
        begun = leaves_on + DAY
    elif standing in ("applying", "active") and joined_on and joined_on <= today:
        begun = joined_on
    else:
        begun = today
    entries = [Entry(begun, standing)]
    if leaves_on and leaves_on >= today and standing not in ENDED:
        entries.append(Entry(leaves_on + DAY, "left"))
    return entries


def contradiction(standing: str, leaves_on: date | None, today: date) -> Fault | None:
    """A standing and a day of leaving that cannot both be true."""
    if leaves_on and standing in ENDED and leaves_on >= today:
        return Fault(N_("The membership has ended, but its last day is still to come."), field="leaves_on")
    if leaves_on and standing not in ENDED and leaves_on < today:
        return Fault(N_("The last day of the membership has passed, but not by the standing."), field="standing")
    return None


def check_entries(entries: Sequence[Entry], changed: Sequence[Entry], today: date) -> None:
    """A history, in order of days, after some of it was changed: only what stands beside that is looked at.

    Raises StandingOnThatDay, StandingCannotFollow, NoStandingToday."""
    for before, after in pairwise(entries):
        if not {before, after} & set(changed):
            continue
        if before.starts_on == after.starts_on:
            there = after if before in changed else before
            raise StandingOnThatDay.of(there.starts_on, Word(STANDINGS[there.standing]))
        check_following(before.standing, after.standing)
    if not entries or entries[0].starts_on > today:
        raise NoStandingToday


def check_following(before: str, after: str) -> None:
    """Raises StandingCannotFollow."""
    if after not in FOLLOWS[before]:
        raise StandingCannotFollow.of(Word(STANDINGS[before]), Word(STANDINGS[after]))


def day_of_leaving(last: Entry) -> date | None:
    """退会予定日: the last day of the membership, where the history ends with its end."""
    return last.starts_on - DAY if last.standing in GONE else None
