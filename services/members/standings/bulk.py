"""One standing for a whole chosen list 一括更新, from one day on: all of them or none (M6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.members.errors import BulkChangeRefused
from services.members.models import MemberRow, SelectionRow, StandingRow
from services.members.selections import chosen_ids, chosen_members, same_work
from services.members.standings.dates import DAY, FOLLOWS, Entry
from services.members.standings.settling import histories, settle, standing_row
from shared import audit, jobs
from shared.errors import N_, Fault, InvalidInput
from shared.jobs import JobRow, JobRun
from shared.uow import UnitOfWork

CHANGE = "change-standings"
SHOWN = 100  # members in the way that are named


@dataclass(frozen=True)
class Obstacle:
    """A member in the way of a bulk change: their latest entry is of that day or later, or nothing leads from it."""

    member: MemberRow
    standing: str
    starts_on: date
    too_early: bool  # a later day would do; otherwise no day will


@dataclass(frozen=True)
class Preview:
    """What a bulk change would do. `first_day`: the earliest possible, where nothing but dates is in the way."""

    count: int
    obstacles: Sequence[Obstacle]
    in_the_way: int
    first_day: date | None


def look_at_change(uow: UnitOfWork, selection: SelectionRow, standing: str, starts_on: date) -> Preview:
    """Nothing changes."""
    may_become = {before for before, after in FOLLOWS.items() if standing in after}
    named: dict[str, Entry] = {}
    in_the_way, newest, a_day_will_do = 0, None, True
    for ids in chosen_ids(uow, selection):
        for id, latest in _latest(uow, ids).items():
            if latest.standing not in may_become:
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
            Obstacle(members[id], latest.standing, latest.starts_on, latest.standing in may_become)
            for id, latest in named.items()
        ],
        in_the_way=in_the_way,
        first_day=newest + DAY if newest and a_day_will_do else None,
    )


def start_change(uow: UnitOfWork, selection: SelectionRow, standing: str, starts_on: date) -> JobRow:
    """In the background. Raises InvalidInput, BulkChangeRefused."""
    if standing == "leaving":
        text = N_("Whoever leaves has a last day of their own: please enter it at the member.")
        raise InvalidInput(faults=[Fault(text, field="standing")])
    args = {"selection": selection.id, "standing": standing, "starts_on": starts_on.isoformat()}
    if known := same_work(uow, selection, CHANGE, args):
        return known
    if look_at_change(uow, selection, standing, starts_on).in_the_way:
        raise BulkChangeRefused
    audit.record(uow, CHANGE, f"selection/{selection.id}", after={**args, "count": selection.count})
    return jobs.start(uow, CHANGE, args, total=selection.count)


def change_standings(run: JobRun) -> None:
    """Long work, in one transaction. Raises BulkChangeRefused when somebody was quicker; then nothing is changed."""
    entry = Entry(date.fromisoformat(run.args["starts_on"]), run.args["standing"])
    with run.chunk() as uow:
        for members in chosen_members(uow, uow.get(SelectionRow, run.args["selection"]), lock=True):
            _change(uow, members, entry)
            run.done += len(members)
        run.finish(uow, {"changed": run.done})


def _change(uow: UnitOfWork, members: Sequence[MemberRow], entry: Entry) -> None:
    known = histories(uow, members)
    for member in members:
        latest = known[member.id][-1]
        if latest.starts_on >= entry.starts_on or entry.standing not in FOLLOWS[latest.standing]:
            raise BulkChangeRefused
        known[member.id].append(uow.add(standing_row(uow, member.id, entry)))
    changes = {member.id: ("", str(entry)) for member in members}
    settle(uow, members, known, action="change-standing", changes=changes)
    uow.write_messages()  # into the outbox now, so that memory stays flat


def _latest(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, Entry]:
    """The last entry of each of these histories, by member id, in the order of the ids."""
    columns = sa.select(StandingRow.member_id, StandingRow.starts_on, StandingRow.standing)
    found = {
        member_id: Entry(starts_on, standing)
        for member_id, starts_on, standing in uow.session.execute(
            columns.where(StandingRow.member_id.in_(ids)).order_by(StandingRow.starts_on)
        )
    }
    return {id: found[id] for id in ids if id in found}
