"""Chosen lists: members are ticked or found, kept in their order, and then something is done with all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, cast

import sqlalchemy as sa

from services.members.models import MemberRow, SelectedRow, SelectionRow
from services.members.search import ordering
from shared.db import Id
from shared.errors import N_, Fault, InvalidInput
from shared.ids import new_id
from shared.jobs import JobRow
from shared.uow import UnitOfWork

KEEP = timedelta(days=2)
AT_ONCE = 2_000


def choose(uow: UnitOfWork, found: sa.Select[Any], *, sort: str = "number") -> SelectionRow:
    """Keep what a search finds, in its order. Raises InvalidInput when that is nobody."""
    row = uow.add(SelectionRow(id=new_id(), count=0, made_at=uow.now, made_by=uow.actor.name))
    uow.session.flush()
    place = sa.func.row_number().over(order_by=ordering(sort))
    rows = found.where(MemberRow.society_id == uow.society_id).with_only_columns(
        sa.literal(uow.society_id, Id), sa.literal(row.id, Id), place, MemberRow.id
    )
    names = ["society_id", "selection_id", "ordinal", "member_id"]
    target = cast(sa.Table, SelectedRow.__table__)
    uow.session.execute(sa.insert(target).from_select(names, rows, include_defaults=False))
    row.count = uow.session.scalar(sa.select(sa.func.count()).where(SelectedRow.selection_id == row.id)) or 0
    if not row.count:
        raise InvalidInput(faults=[Fault(N_("Please choose one or more members."))])
    return row


def chosen_members(
    uow: UnitOfWork, selection: SelectionRow, *, lock: bool = False, at_once: int = AT_ONCE
) -> Iterator[Sequence[MemberRow]]:
    """In the order of the list, so many at a time."""
    for ids in chosen_ids(uow, selection, at_once):
        statement = sa.select(MemberRow).where(MemberRow.id.in_(ids)).order_by(MemberRow.id)
        found = {row.id: row for row in uow.session.scalars(statement.with_for_update() if lock else statement)}
        yield [found[id] for id in ids]


def chosen_values(
    uow: UnitOfWork, selection: SelectionRow, columns: Sequence[str], *, lock: bool = False
) -> Iterator[Sequence[sa.Row[Any]]]:
    """The same as plain rows of the id and these columns: quicker than objects, where there are 100,000."""
    wanted = sa.select(MemberRow.id, *(getattr(MemberRow, name) for name in columns))
    for ids in chosen_ids(uow, selection):
        statement = wanted.where(MemberRow.id.in_(ids)).order_by(MemberRow.id)
        found = {row.id: row for row in uow.session.execute(statement.with_for_update() if lock else statement)}
        yield [found[id] for id in ids]


def chosen_ids(uow: UnitOfWork, selection: SelectionRow, at_once: int = AT_ONCE) -> Iterator[Sequence[str]]:
    """In the order of the list. Whoever needs more than the ids asks by them: a list that was chosen a moment ago is
    unknown to the database's statistics, and a join with it can take minutes."""
    last = 0
    here = SelectedRow.selection_id == selection.id
    while True:
        statement = sa.select(SelectedRow.ordinal, SelectedRow.member_id).where(here, SelectedRow.ordinal > last)
        rows = uow.session.execute(statement.order_by(SelectedRow.ordinal).limit(at_once)).all()
        if not rows:
            return
        last = rows[-1].ordinal
        yield [row.member_id for row in rows]


def same_work(uow: UnitOfWork, selection: SelectionRow, kind: str, args: dict[str, Any]) -> JobRow | None:
    """What was started for this list already and is the same: whoever clicks twice means it once."""
    uow.get(SelectionRow, selection.id, lock=True)
    since = sa.select(JobRow).where(JobRow.kind == kind, JobRow.created_at >= selection.made_at)
    found = uow.session.scalars(since.where(JobRow.state.in_(("queued", "running", "done"))))
    return next((job for job in found if job.args == args), None)


def forget_old_selections(uow: UnitOfWork) -> None:
    """Due work: lists that were chosen days ago."""
    old = sa.select(SelectionRow.id).where(SelectionRow.made_at < uow.now - KEEP)
    quietly = {"synchronize_session": False}
    uow.session.execute(sa.delete(SelectedRow).where(SelectedRow.selection_id.in_(old)), execution_options=quietly)
    uow.session.execute(sa.delete(SelectionRow).where(SelectionRow.id.in_(old)), execution_options=quietly)
