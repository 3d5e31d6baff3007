"""What histories may look like: which standing follows which, and what is known where a history begins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from services.members.errors.histories import StandingCannotFollow
from services.members.histories.entries import DAY, Entry, since
from services.members.standings.words import ENDED, STANDINGS
from shared.errors import N_, Fault, Word

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


def first_entries(standing: str, joined_on: date | None, leaves_on: date | None, today: date) -> list[Entry]:
    """What is known of somebody who comes with a standing and perhaps dates: nothing is invented."""
    if standing in GONE and leaves_on and leaves_on < today:
        begun = leaves_on + DAY
    else:
        begun = since(joined_on if standing in ("applying", "active") else None, today)
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


def refuse_following(before: str, after: str) -> StandingCannotFollow | None:
    """Why one standing cannot follow another; None where it can."""
    if after in FOLLOWS[before]:
        return None
    return StandingCannotFollow.of(Word(STANDINGS[before]), Word(STANDINGS[after]))


def day_of_leaving(last: Entry) -> date | None:
    """退会予定日: the last day of the membership, where the history ends with its end."""
    return last.starts_on - DAY if last.value in GONE else None
