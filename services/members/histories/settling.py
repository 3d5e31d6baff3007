"""Members are brought in line with their histories: what is in force today, recorded, told to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from services.members.categories import list_categories
from services.members.corporations.acting import logins_of
from services.members.histories.entries import Entry
from services.members.histories.tracks import STANDING, TRACKS, History, Track
from services.members.models import DatedEntry, MemberRow
from services.members.sessions import end_all_sessions
from services.members.standings.dates import day_of_leaving
from services.members.standings.words import ENDED
from shared import audit
from shared.db import update_rows
from shared.ids import new_id
from shared.messages.members import MemberAdmitted, PersonChanged
from shared.uow import UnitOfWork


def begin_histories_of(uow: UnitOfWork, row: MemberRow) -> None:
    """Of somebody who comes with a standing and perhaps a category."""
    for track in TRACKS:
        _begin(uow, track, row)


def entry_row(uow: UnitOfWork, track: Track, member_id: str, entry: Entry) -> DatedEntry:
    return track.rows(**entry_values(uow, track, member_id, entry))


def entry_values(uow: UnitOfWork, track: Track, member_id: str, entry: Entry) -> dict[str, Any]:
    """For `insert_rows`. What starts today or before is in force with it."""
    return {
        "society_id": uow.society_id,
        "id": new_id(),
        "member_id": member_id,
        track.name: entry.value,
        "starts_on": entry.starts_on,
        "in_force_at": uow.now if entry.starts_on <= uow.today else None,
        "recorded_at": uow.now,
        "recorded_by": uow.actor.name if uow.actor.id else "",
    }


def histories(uow: UnitOfWork, track: Track, rows: Sequence[MemberRow]) -> dict[str, History]:
    """By member id. Whom an older release added or changed while it was still running is written down here."""
    found: dict[str, History] = {row.id: [] for row in rows}
    statement = sa.select(track.rows).where(track.rows.member_id.in_(found)).order_by(track.rows.starts_on)
    for entry in uow.session.scalars(statement):
        found[entry.member_id].append(entry)
    return {row.id: _caught_up(uow, track, row, found[row.id]) for row in rows}


def from_today(uow: UnitOfWork, track: Track, row: MemberRow, history: History) -> History:
    """What a locked member was given otherwise than by their history stands in it, too, from today on."""
    value = getattr(row, track.name)
    of_today = next((entry for entry in history if entry.starts_on == uow.today), None)
    if of_today is None:
        fresh = uow.add(entry_row(uow, track, row.id, Entry(uow.today, value)))
        return sorted([*history, fresh], key=lambda entry: entry.starts_on)
    setattr(of_today, track.name, value)
    of_today.in_force_at = of_today.in_force_at or uow.now
    return history


def _begin(uow: UnitOfWork, track: Track, row: MemberRow) -> History:
    return [uow.add(entry_row(uow, track, row.id, entry)) for entry in track.first(row, uow.today)]


def _caught_up(uow: UnitOfWork, track: Track, row: MemberRow, history: History) -> History:
    if not history:
        return _begin(uow, track, row)
    in_force = [entry for entry in history if entry.in_force_at]
    waiting = any(entry.starts_on <= uow.today for entry in history if not entry.in_force_at)
    now = getattr(row, track.name)
    if waiting or not now or (in_force and track.entry(in_force[-1]).value == now):
        return history
    return from_today(uow, track, row, history)


def settle(
    uow: UnitOfWork,
    track: Track,
    rows: Sequence[MemberRow],
    known: Mapping[str, History],
    *,
    action: str,
    changes: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Bring locked members in line with their histories, which are in order and not empty.

    `changes`: what was done to a history, by member id, before and after, for the audit trail."""
    uow.session.flush()
    categories = {category.code: category for category in list_categories(uow)}
    written: list[MemberRow] = []
    shut_out: list[str] = []
    told: list[PersonChanged] = []
    entries: list[dict[str, Any]] = []
    for row in rows:
        was = row.standing
        changed = _differences(uow, track, row, known[row.id])
        before = {name: getattr(row, name) for name in changed}
        altered = (changes or {}).get(row.id)
        entries += _recorded(uow, track, row, action, before, changed, altered)
        if changed or altered:  # also for what is to come: a roster that was checked before must notice it
            now = {**changed, "revision": row.revision + 1, "changed_at": uow.now}
            for name, value in now.items():
                set_committed_value(row, name, value)  # written below, all at once
            written.append(row)
        if not changed:
            continue
        told.append(PersonChanged(person=row.public(categories.get(row.category or ""))))
        if row.standing in ENDED and was not in ENDED:
            shut_out.append(row.id)
        if was == "applying" and _admissions(uow, track, known[row.id]) and row.joined_on:
            uow.say(MemberAdmitted(person_id=row.id, joined_on=row.joined_on), bulk=len(rows) > 1)
    update_rows(uow.session, MemberRow, (_columns(track, row) for row in written))
    audit.record_many(uow, entries)
    uow.say_all(told, bulk=len(rows) > 1)
    _end_sessions(uow, shut_out)


def _columns(track: Track, row: MemberRow) -> dict[str, Any]:
    names = ("standing", "leaves_on", "joined_on") if track is STANDING else (track.name,)
    return {name: getattr(row, name) for name in ("id", "revision", "changed_at", *names)}


def _differences(uow: UnitOfWork, track: Track, row: MemberRow, history: History) -> dict[str, Any]:
    begun = [entry for entry in history if entry.starts_on <= uow.today]
    for entry in begun:
        entry.in_force_at = entry.in_force_at or uow.now
    wanted: dict[str, Any] = {track.name: track.entry(begun[-1]).value} if begun else {}
    if track is STANDING:
        wanted["leaves_on"] = day_of_leaving(track.entry(history[-1]))
        if row.standing == "applying" and (admitted := _admissions(uow, track, history)):
            wanted["joined_on"] = admitted[-1]
    return {name: value for name, value in wanted.items() if getattr(row, name) != value}


def _admissions(uow: UnitOfWork, track: Track, history: History) -> list[date]:
    """The days on which an applicant has become a member, also where they are something else again by now."""
    if track is not STANDING:
        return []
    begun = (track.entry(entry) for entry in history if entry.starts_on <= uow.today)
    return [entry.starts_on for entry in begun if entry.value == "active"]


def _recorded(
    uow: UnitOfWork,
    track: Track,
    row: MemberRow,
    action: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    history: tuple[str, str] | None,
) -> list[dict[str, Any]]:
    """The entry of the audit trail; none, where nothing has changed."""
    was, now = audit.plain(before), audit.plain(after)
    if history:
        was[track.recorded_as], now[track.recorded_as] = history
    return [audit.trail_entry(uow, action, f"member/{row.id}", before=was, after=now)] if now else []


def _end_sessions(uow: UnitOfWork, member_ids: Sequence[str]) -> None:
    if member_ids:
        end_all_sessions(uow, logins_of(uow, member_ids))
