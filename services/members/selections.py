"""Chosen lists: members are ticked or found, kept in their order, and then something is done with all of them."""

from __future__ import annotations

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


def members_of(selection: SelectionRow) -> sa.Select[Any]:
    """The chosen members, in the order of the list."""
    chosen = sa.select(MemberRow).join(SelectedRow, SelectedRow.member_id == MemberRow.id)
    return chosen.where(SelectedRow.selection_id == selection.id).order_by(SelectedRow.ordinal)


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
