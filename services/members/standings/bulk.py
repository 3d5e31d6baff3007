"""One standing for a whole chosen list 一括更新, from one day on: all of them or none (M6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.members.errors import BulkChangeRefused
from services.members.models import MemberRow, SelectedRow, SelectionRow, StandingRow
from services.members.selections import members_of, same_work
from services.members.standings.dates import DAY, FOLLOWS, Entry
from services.members.standings.settling import histories, settle, standing_row
from shared import audit, jobs
from shared.errors import N_, Fault, InvalidInput
from shared.jobs import JobRow, JobRun
from shared.uow import UnitOfWork

CHANGE = "change-standings"
CHUNK = 2_000
SHOWN = 100  # members in the way that are named


@dataclass(frozen=True)
class Obstacle:
    """A member in the way of a bulk change: their latest entry is of that day or later, or nothing leads from it."""

    member: MemberRow
    standing: str
    starts_on: date
    too_early: bool  # its date is in the way; otherwise the standing is


@dataclass(frozen=True)
class Preview:
    """What a bulk change would do. `first_day`: the earliest possible, where dates are in the way."""

    count: int
    obstacles: Sequence[Obstacle]
    in_the_way: int
    first_day: date | None


def look_at_change(uow: UnitOfWork, selection: SelectionRow, standing: str, starts_on: date) -> Preview:
    """Nothing changes."""
    latest = _latest(selection)
    blocked = sa.or_(latest.c.starts_on >= starts_on, latest.c.standing.not_in(_may_become(standing)))
    statement = (
        sa.select(MemberRow, latest.c.standing, latest.c.starts_on)
        .join(latest, latest.c.member_id == MemberRow.id)
        .where(blocked)
        .order_by(latest.c.ordinal)
    )
    found = uow.session.execute(statement.limit(SHOWN)).all()
    newest = uow.session.scalar(sa.select(sa.func.max(latest.c.starts_on)).where(latest.c.starts_on >= starts_on))
    return Preview(
        count=selection.count,
        obstacles=[Obstacle(member, now, since, since >= starts_on) for member, now, since in found],
        in_the_way=uow.session.scalar(sa.select(sa.func.count()).select_from(latest).where(blocked)) or 0,
        first_day=newest + DAY if newest else None,
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
        selection = uow.get(SelectionRow, run.args["selection"])
        last = 0
        while rows := _lock_next(uow, selection, last):
            _change(uow, [row.MemberRow for row in rows], entry)
            last = rows[-1].ordinal
            run.done += len(rows)
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


def _lock_next(uow: UnitOfWork, selection: SelectionRow, after: int) -> Sequence[sa.Row[Any]]:
    statement = members_of(selection).add_columns(SelectedRow.ordinal).where(SelectedRow.ordinal > after)
    return uow.session.execute(statement.limit(CHUNK).with_for_update(of=MemberRow)).all()


def _latest(selection: SelectionRow) -> sa.Subquery:
    """The last entry of each chosen member's history: (ordinal, member_id, standing, starts_on)."""
    newer = aliased(StandingRow)
    is_last = ~sa.exists().where(newer.member_id == StandingRow.member_id, newer.starts_on > StandingRow.starts_on)
    return (
        sa.select(SelectedRow.ordinal, SelectedRow.member_id, StandingRow.standing, StandingRow.starts_on)
        .join(StandingRow, StandingRow.member_id == SelectedRow.member_id)
        .where(SelectedRow.selection_id == selection.id, is_last)
        .subquery()
    )


def _may_become(standing: str) -> list[str]:
    return [before for before, after in FOLLOWS.items() if standing in after]
