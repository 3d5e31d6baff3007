"""One standing or category for a whole chosen list 一括更新, from one day on: all of them or none (M6, M8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.errors.lists import BulkChangeRefused
from services.members.histories.categories import check_category
from services.members.histories.entries import DAY, Entry
from services.members.histories.settling import entry_values, histories, settle
from services.members.histories.tracks import CATEGORY, STANDING, Track
from services.members.models import MemberRow, SelectionRow
from services.members.selections import chosen_ids, chosen_members, same_work
from shared import audit, jobs
from shared.db import insert_rows
from shared.errors import N_, Fault, InvalidInput
from shared.jobs import JobRow, JobRun
from shared.uow import UnitOfWork

STANDINGS, CATEGORIES = "change-standings", "change-categories"
WORK = {STANDING.name: STANDINGS, CATEGORY.name: CATEGORIES}
SHOWN = 100  # members in the way that are named


@dataclass(frozen=True)
class Obstacle:
    """A member in the way of a bulk change: their latest entry is of that day or later, or nothing leads from it."""

    member: MemberRow
    value: str
    starts_on: date
    too_early: bool  # a later day would do; otherwise no day will


@dataclass(frozen=True)
class Preview:
    """What a bulk change would do. `first_day`: the earliest possible, where nothing but dates is in the way."""

    count: int
    obstacles: Sequence[Obstacle]
    in_the_way: int
    first_day: date | None


def look_at_change(uow: UnitOfWork, track: Track, selection: SelectionRow, value: str, starts_on: date) -> Preview:
    """Nothing changes."""
    named: dict[str, Entry] = {}
    in_the_way, newest, a_day_will_do = 0, None, True
    for ids in chosen_ids(uow, selection):
        for id, latest in _latest(uow, track, ids).items():
            if track.refuse_following(latest.value, value):
                a_day_will_do = False
            elif latest.starts_on >= starts_on:
                newest = max(newest or latest.starts_on, latest.starts_on)
            else:
                continue
            in_the_way += 1
            if len(named) < SHOWN:
                named[id] = latest
    members = {row.id: row for row in uow.session.scalars(sa.select(MemberRow).where(MemberRow.id.in_(named)))}
    return Preview(
        count=selection.count,
        obstacles=[
            Obstacle(members[id], latest.value, latest.starts_on, not track.refuse_following(latest.value, value))
            for id, latest in named.items()
        ],
        in_the_way=in_the_way,
        first_day=newest + DAY if newest and a_day_will_do else None,
    )


def start_change(uow: UnitOfWork, track: Track, selection: SelectionRow, value: str, starts_on: date) -> JobRow:
    """In the background. Raises InvalidInput, BulkChangeRefused."""
    _check_value(uow, track, value)
    work = WORK[track.name]
    args = {"selection": selection.id, track.name: value, "starts_on": starts_on.isoformat()}
    if known := same_work(uow, selection, work, args):
        return known
    if look_at_change(uow, track, selection, value, starts_on).in_the_way:
        raise BulkChangeRefused
    audit.record(uow, track.action, f"selection/{selection.id}", after={**args, "count": selection.count})
    return jobs.start(uow, work, args, total=selection.count)


def change_standings(run: JobRun) -> None:
    """Long work, in one transaction. Raises BulkChangeRefused when somebody was quicker; then nothing is changed."""
    _change_all(run, STANDING)


def change_categories(run: JobRun) -> None:
    """Long work, likewise. Whoever has that category already keeps it."""
    _change_all(run, CATEGORY)


def _change_all(run: JobRun, track: Track) -> None:
    entry = Entry(date.fromisoformat(run.args["starts_on"]), run.args[track.name])
    changed = 0
    with run.chunk() as uow:
        _check_value(uow, track, entry.value)
        for members in chosen_members(uow, uow.get(SelectionRow, run.args["selection"]), lock=True):
            changed += _change(uow, track, members, entry)
            run.done += len(members)
        run.finish(uow, {"changed": changed})


def _check_value(uow: UnitOfWork, track: Track, value: str) -> None:
    """What a list cannot be given; a category may also have been removed meanwhile. Raises InvalidInput."""
    if track is CATEGORY:
        check_category(uow, value)
    elif value == "leaving":
        text = N_("Whoever leaves has a last day of their own: please enter it at the member.")
        raise InvalidInput(faults=[Fault(text, field="standing")])


def _change(uow: UnitOfWork, track: Track, members: Sequence[MemberRow], entry: Entry) -> int:
    known = histories(uow, track, members)
    turned: list[MemberRow] = []
    fresh: list[dict[str, Any]] = []
    for member in members:
        history = known[member.id]
        latest = track.entry(history[-1]) if history else None
        if latest and (latest.starts_on >= entry.starts_on or track.refuse_following(latest.value, entry.value)):
            raise BulkChangeRefused
        if latest is None or latest.value != entry.value:
            fresh.append(entry_values(uow, track, member.id, entry))
            history.append(track.rows(**fresh[-1]))  # no object of the session: written below, all at once
            turned.append(member)
    insert_rows(uow.session, track.rows, fresh)
    changes = {member.id: ("", str(entry)) for member in turned}
    settle(uow, track, turned, known, action=track.action, changes=changes)
    uow.write_messages()  # into the outbox now, so that memory stays flat
    return len(turned)


def _latest(uow: UnitOfWork, track: Track, ids: Sequence[str]) -> dict[str, Entry]:
    """The last entry of each of these histories, by member id, in the order of the ids."""
    columns = sa.select(track.rows.member_id, track.rows.starts_on, getattr(track.rows, track.name))
    found = {
        member_id: Entry(starts_on, value)
        for member_id, starts_on, value in uow.session.execute(
            columns.where(track.rows.member_id.in_(ids)).order_by(track.rows.starts_on)
        )
    }
    return {id: found[id] for id in ids if id in found}
