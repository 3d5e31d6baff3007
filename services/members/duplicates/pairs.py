"""The pairs that are proposed to the office, and what it says of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.members.duplicates.evidence import name_of
from services.members.models import DuplicateRow, MemberRow
from services.members.search_conditions import KINDS
from shared import audit
from shared.errors import N_, Fault, InvalidInput
from shared.uow import UnitOfWork

First, Second = aliased(MemberRow), aliased(MemberRow)
FEW, SAME_READING = 3, 50


def pairs_in(state: str) -> sa.Select[Any, Any, Any]:
    """(pair, first, second) that are `open`, or were told apart: `different`."""
    return (
        sa.select(DuplicateRow, First, Second)
        .join(First, First.id == DuplicateRow.first_id)
        .join(Second, Second.id == DuplicateRow.second_id)
        .where(DuplicateRow.state == state)
    )


def best_first() -> tuple[Any, ...]:
    return DuplicateRow.score.desc(), DuplicateRow.first_id, DuplicateRow.second_id


def tell_apart(uow: UnitOfWork, one_id: str, other_id: str) -> DuplicateRow:
    """They are not the same person 別人: never proposed again. Raises NotFound, MemberMerged, InvalidInput."""
    one, other = lock_both(uow, one_id, other_id)
    pair = _pair(uow, one_id, other_id)
    if pair.state == "different":
        return pair
    pair.state, pair.decided_at, pair.decided_by = "different", uow.now, uow.actor.name
    for row, beside in ((one, other), (other, one)):
        told = {"different": f"{beside.name} {beside.number or ''}".strip()}
        audit.record(uow, "tell-members-apart", f"member/{row.id}", before={"different": ""}, after=told)
    return pair


def propose_again(uow: UnitOfWork, one_id: str, other_id: str) -> None:
    """Take back that they were told apart. Raises NotFound, MemberMerged, InvalidInput."""
    one, other = lock_both(uow, one_id, other_id)
    pair = _pair(uow, one_id, other_id)
    if pair.state == "open":
        return
    pair.state, pair.decided_at, pair.decided_by = "open", None, ""
    for row, beside in ((one, other), (other, one)):
        told = {"different": f"{beside.name} {beside.number or ''}".strip()}
        audit.record(uow, "propose-members-again", f"member/{row.id}", before=told, after={"different": ""})


def namesakes(uow: UnitOfWork, member: MemberRow) -> Sequence[MemberRow]:
    """Some others with the same name and reading, unless they were told apart: found by the index of readings."""
    if not member.kana or member.kind not in KINDS:
        return []
    apart = sa.select(DuplicateRow).where(
        DuplicateRow.state == "different",
        DuplicateRow.first_id.in_((member.id, MemberRow.id)),
        DuplicateRow.second_id.in_((member.id, MemberRow.id)),
    )
    alike = sa.select(MemberRow.id).where(
        MemberRow.kana == member.kana, MemberRow.kind == member.kind, MemberRow.id != member.id
    )
    own = sa.select(name_of(MemberRow)).where(MemberRow.id == member.id).scalar_subquery()
    statement = sa.select(MemberRow).where(
        MemberRow.id.in_(alike.limit(SAME_READING)), name_of(MemberRow) == own, ~apart.exists()
    )
    return uow.session.scalars(statement.order_by(MemberRow.number, MemberRow.id).limit(FEW)).all()


def lock_both(uow: UnitOfWork, one_id: str, other_id: str) -> tuple[MemberRow, MemberRow]:
    """In the order of their ids, whichever is named first: two who do the same never wait in a circle."""
    if one_id == other_id:
        raise InvalidInput(faults=[Fault(N_("Please choose two different members."))])
    locked = {id: uow.get(MemberRow, id, lock=True) for id in sorted((one_id, other_id))}
    return locked[one_id], locked[other_id]


def _pair(uow: UnitOfWork, one_id: str, other_id: str) -> DuplicateRow:
    first, second = sorted((one_id, other_id))
    known = uow.session.get(DuplicateRow, (first, second))
    return known or uow.add(
        DuplicateRow(first_id=first, second_id=second, score=0, reasons=0, found_at=uow.now, decided_by="")
    )
