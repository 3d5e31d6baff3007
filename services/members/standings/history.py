"""One member's history of standings 会員状況履歴, as the office changes it (M5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from services.members.models import MemberRow, StandingRow
from services.members.standings.dates import DAY, Entry, check_entries
from services.members.standings.settling import History, histories, settle, standing_row
from shared.errors import N_, Fault, InvalidInput, NotFound
from shared.uow import UnitOfWork


def history_of(uow: UnitOfWork, member_id: str) -> Sequence[StandingRow]:
    """Newest first: what is scheduled 変更予定, what is in force, what was."""
    statement = sa.select(StandingRow).where(StandingRow.member_id == member_id)
    return uow.session.scalars(statement.order_by(StandingRow.starts_on.desc())).all()


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
    row, history = _lock(uow, member_id)
    return _replace(uow, row, history, [], added)


def leave_after(uow: UnitOfWork, member_id: str, last_day: date) -> MemberRow:
    """Leaving from now on, and left on the day after the last one; at once, where that day has come already.

    What begins today gives way. Raises NotFound, StandingOnThatDay, StandingCannotFollow."""
    row, history = _lock(uow, member_id)
    gone = Entry(last_day + DAY, "left")
    if gone.starts_on <= uow.today:
        return _replace(uow, row, history, [], [gone])
    away = [entry for entry in history[1:] if entry.starts_on == uow.today]
    begins = Entry(uow.today, "leaving") if history[0].starts_on < uow.today else Entry(uow.today + DAY, "leaving")
    return _replace(uow, row, history, away, [begins, gone] if begins.starts_on < gone.starts_on else [gone])


def edit_standing(uow: UnitOfWork, member_id: str, id: str, standing: str, starts_on: date) -> MemberRow:
    """Put an entry right. So whoever applied and was admitted on one day has one entry: the admission.

    Raises NotFound, StandingOnThatDay, StandingCannotFollow, NoStandingToday."""
    row, history = _lock(uow, member_id)
    entry = _entry(history, id)
    if standing == "leaving" != entry.standing:
        text = N_("Please record “Leaving” as a new change, with its last day.")
        raise InvalidInput(faults=[Fault(text, field="standing")])
    return _replace(uow, row, history, [entry], [Entry(starts_on, standing)])


def remove_standing(uow: UnitOfWork, member_id: str, id: str) -> MemberRow:
    """Above all what is scheduled. Raises NotFound, StandingCannotFollow, NoStandingToday."""
    row, history = _lock(uow, member_id)
    return _replace(uow, row, history, [_entry(history, id)], [])


def move_on(uow: UnitOfWork, member_id: str, standing: str, starts_on: date) -> MemberRow:
    """Decide on what is in force: it goes on as something else from a day on, and whatever was scheduled gives way.
    So does what is in force, where that day is not after its own.

    Raises NotFound, StandingOnThatDay, StandingCannotFollow, NoStandingToday."""
    row, history = _lock(uow, member_id)
    away = [entry for entry in history if entry.starts_on > uow.today]
    now = history[-len(away) - 1]
    if starts_on <= now.starts_on:
        away.insert(0, now)
    return _replace(uow, row, history, away, [Entry(starts_on, standing)])


def _lock(uow: UnitOfWork, member_id: str) -> tuple[MemberRow, History]:
    """The member, and the history, which nobody else changes from now on."""
    row = uow.get(MemberRow, member_id, lock=True)
    if row.kind == "guest":
        raise NotFound
    return row, histories(uow, [row])[row.id]


def _entry(history: History, id: str) -> StandingRow:
    for entry in history:
        if entry.id == id:
            return entry
    raise NotFound


def _replace(
    uow: UnitOfWork, row: MemberRow, history: History, away: Sequence[StandingRow], added: Sequence[Entry]
) -> MemberRow:
    kept = [entry for entry in history if entry not in away]
    entries = sorted([*(_as_entry(entry) for entry in kept), *added])
    after_gaps = [later for entry in away for later in _beside(entries, entry.starts_on)]
    check_entries(entries, [*added, *after_gaps], uow.today)
    for entry in away:
        uow.session.delete(entry)
    uow.session.flush()  # what goes away may stand on the day of what comes
    fresh = [uow.add(standing_row(uow, row.id, entry)) for entry in added]
    now_known = {row.id: sorted([*kept, *fresh], key=lambda entry: entry.starts_on)}
    was, now = ("; ".join(str(entry) for entry in some) for some in ([_as_entry(entry) for entry in away], added))
    settle(uow, [row], now_known, action="change-standing", changes={row.id: (was, now)})
    return row


def _as_entry(row: StandingRow) -> Entry:
    return Entry(row.starts_on, row.standing)


def _beside(entries: Sequence[Entry], day: date) -> list[Entry]:
    """Where an entry was taken away, the one after the gap must follow the one before it."""
    later = [entry for entry in entries if entry.starts_on > day]
    return later[:1]
