"""One member's history of standings 会員状況履歴, as the office changes it (M5)."""

from __future__ import annotations

from datetime import date

from services.members.errors.histories import NoStandingToday
from services.members.histories.changing import entry_of, lock_history, replace_entries
from services.members.histories.entries import DAY, Entry
from services.members.histories.tracks import STANDING
from services.members.models import MemberRow
from shared.errors import N_, Fault, InvalidInput
from shared.uow import UnitOfWork


def change_standing(
    uow: UnitOfWork, member_id: str, standing: str, starts_on: date, *, last_day: date | None = None
) -> MemberRow:
    """From a day on the member has another standing; on a day to come, it is scheduled.

    Who is `leaving` has a last day 退会予定日, and has left on the day after.
    Raises NotFound, InvalidInput, StandingOnThatDay, StandingCannotFollow."""
    added = [Entry(starts_on, standing)]
    if standing == "leaving":
        if last_day is None or last_day < starts_on:
            text = N_("Please give the last day of the membership; it is not before the day of the change.")
            raise InvalidInput(faults=[Fault(text, field="last_day")])
        added.append(Entry(last_day + DAY, "left"))
    row, history = lock_history(uow, STANDING, member_id)
    return replace_entries(uow, STANDING, row, history, [], added)


def leave_after(uow: UnitOfWork, member_id: str, last_day: date) -> MemberRow:
    """Leaving from now on, and left on the day after the last one; at once, where that day has come already.

    What begins today gives way. Raises NotFound, StandingOnThatDay, StandingCannotFollow."""
    row, history = lock_history(uow, STANDING, member_id)
    gone = Entry(last_day + DAY, "left")
    if gone.starts_on <= uow.today:
        return replace_entries(uow, STANDING, row, history, [], [gone])
    away = [entry for entry in history[1:] if entry.starts_on == uow.today]
    begins = Entry(uow.today, "leaving") if history[0].starts_on < uow.today else Entry(uow.today + DAY, "leaving")
    return replace_entries(
        uow, STANDING, row, history, away, [begins, gone] if begins.starts_on < gone.starts_on else [gone]
    )


def edit_standing(uow: UnitOfWork, member_id: str, id: str, standing: str, starts_on: date) -> MemberRow:
    """Put an entry right. So whoever applied and was admitted on one day has one entry: the admission.

    Raises NotFound, StandingOnThatDay, StandingCannotFollow, NoStandingToday."""
    row, history = lock_history(uow, STANDING, member_id)
    entry = entry_of(history, id)
    if standing == "leaving" != STANDING.entry(entry).value:
        text = N_("Please record “Leaving” as a new change, with its last day.")
        raise InvalidInput(faults=[Fault(text, field="standing")])
    return replace_entries(uow, STANDING, row, history, [entry], [Entry(starts_on, standing)])


def move_on(uow: UnitOfWork, member_id: str, standing: str, starts_on: date) -> MemberRow:
    """Decide on what is in force: it goes on as something else from a day on, and whatever was scheduled gives way.
    So does what is in force, where that day is not after its own.

    Raises NotFound, StandingOnThatDay, StandingCannotFollow, NoStandingToday."""
    row, history = lock_history(uow, STANDING, member_id)
    away = [entry for entry in history if entry.starts_on > uow.today]
    if len(away) == len(history):
        raise NoStandingToday
    now = history[-len(away) - 1]
    if starts_on <= now.starts_on:
        away.insert(0, now)
    return replace_entries(uow, STANDING, row, history, away, [Entry(starts_on, standing)])
