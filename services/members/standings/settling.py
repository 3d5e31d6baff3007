"""Members are brought in line with their histories: what is in force today, recorded, told to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.members.categories import list_categories
from services.members.models import AccountRow, MemberRow, StandingRow
from services.members.sessions import end_all_sessions
from services.members.standings.dates import Entry, day_of_leaving, first_entries
from services.members.standings.words import ENDED
from shared import audit
from shared.ids import new_id
from shared.messages.members import MemberAdmitted, PersonChanged
from shared.uow import UnitOfWork

History = list[StandingRow]  # of one member, by day


def begin_history(uow: UnitOfWork, row: MemberRow) -> History:
    """Of somebody who comes with a standing."""
    entries = first_entries(row.standing, row.joined_on, row.leaves_on, uow.today)
    return [uow.add(standing_row(uow, row.id, entry)) for entry in entries]


def standing_row(uow: UnitOfWork, member_id: str, entry: Entry) -> StandingRow:
    return StandingRow(**standing_values(uow, member_id, entry))


def standing_values(uow: UnitOfWork, member_id: str, entry: Entry) -> dict[str, Any]:
    """For `insert_rows`. What starts today or before is in force with it."""
    return {
        "society_id": uow.society_id,
        "id": new_id(),
        "member_id": member_id,
        "standing": entry.standing,
        "starts_on": entry.starts_on,
        "in_force_at": uow.now if entry.starts_on <= uow.today else None,
        "recorded_at": uow.now,
        "recorded_by": uow.actor.name if uow.actor.id else "",
    }


def histories(uow: UnitOfWork, rows: Sequence[MemberRow]) -> dict[str, History]:
    """By member id. Whom an older release added or changed while it was still running is written down here."""
    found: dict[str, History] = {row.id: [] for row in rows}
    statement = sa.select(StandingRow).where(StandingRow.member_id.in_(found)).order_by(StandingRow.starts_on)
    for entry in uow.session.scalars(statement):
        found[entry.member_id].append(entry)
    return {row.id: _caught_up(uow, row, found[row.id]) for row in rows}


def _caught_up(uow: UnitOfWork, row: MemberRow, history: History) -> History:
    if not history:
        return begin_history(uow, row)
    in_force = [entry for entry in history if entry.in_force_at]
    waiting = any(entry.starts_on <= uow.today for entry in history if not entry.in_force_at)
    if waiting or (in_force and in_force[-1].standing == row.standing):
        return history
    if in_force and in_force[-1].starts_on == uow.today:
        in_force[-1].standing = row.standing
        return history
    history.append(uow.add(standing_row(uow, row.id, Entry(uow.today, row.standing))))
    return sorted(history, key=lambda entry: entry.starts_on)


def settle(
    uow: UnitOfWork,
    rows: Sequence[MemberRow],
    known: Mapping[str, History],
    *,
    action: str,
    changes: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Bring locked members in line with their histories, which are in order and not empty.

    `changes`: what was done to a history, by member id, before and after, for the audit trail."""
    categories = {category.code: category for category in list_categories(uow)}
    shut_out, told = [], []
    for row in rows:
        was = row.standing
        changed = _differences(uow, row, known[row.id])
        before = {name: getattr(row, name) for name in changed}
        for name, value in changed.items():
            setattr(row, name, value)
        altered = (changes or {}).get(row.id)
        _record(uow, row, action, before, changed, altered)
        if changed or altered:  # also for what is to come: a roster that was checked before must notice it
            row.revision += 1
            row.changed_at = uow.now
        if not changed:
            continue
        told.append(PersonChanged(person=row.public(categories.get(row.category or ""))))
        if row.standing in ENDED and was not in ENDED:
            shut_out.append(row.id)
        if (was, row.standing) == ("applying", "active") and row.joined_on:
            uow.say(MemberAdmitted(person_id=row.id, joined_on=row.joined_on), bulk=len(rows) > 1)
    uow.session.flush()
    uow.say_all(told, bulk=len(rows) > 1)
    _end_sessions(uow, shut_out)


def _differences(uow: UnitOfWork, row: MemberRow, history: History) -> dict[str, Any]:
    for entry in history:
        if entry.starts_on <= uow.today and entry.in_force_at is None:
            entry.in_force_at = uow.now
    now = [entry for entry in history if entry.starts_on <= uow.today][-1]
    last = Entry(history[-1].starts_on, history[-1].standing)
    wanted: dict[str, Any] = {"standing": now.standing, "leaves_on": day_of_leaving(last)}
    if (row.standing, now.standing) == ("applying", "active"):
        wanted["joined_on"] = now.starts_on
    return {name: value for name, value in wanted.items() if getattr(row, name) != value}


def _record(
    uow: UnitOfWork,
    row: MemberRow,
    action: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    history: tuple[str, str] | None,
) -> None:
    was, now = audit.plain(before), audit.plain(after)
    if history:
        was["history"], now["history"] = history
    if now:
        audit.record(uow, action, f"member/{row.id}", before=was, after=now)


def _end_sessions(uow: UnitOfWork, member_ids: Sequence[str]) -> None:
    if member_ids:
        accounts = sa.select(AccountRow.id).where(AccountRow.person_id.in_(member_ids))
        end_all_sessions(uow, uow.session.scalars(accounts).all())
