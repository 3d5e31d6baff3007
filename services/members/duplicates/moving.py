"""What belongs to a member who is merged goes over to the one who is kept. Every table that refers to members is named
here (tests/unit/members/test_merging.py looks for others)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.members.models import (
    ApplicationRow,
    CertificateRow,
    CodeRow,
    ContactRow,
    DuplicateRow,
    EmailChangeRow,
    HoldRow,
    MemberRow,
    NumberRow,
    ReadRow,
    RecordRow,
    RequestRow,
    SelectedRow,
    SelectionRow,
    StagedRecordRow,
)
from shared import audit
from shared.errors import N_
from shared.uow import UnitOfWork

QUIETLY = {"synchronize_session": False}
# what the preview counts: what it is called, and the column that says whose it is
MOVED: Sequence[tuple[str, Any]] = (
    (N_("Member numbers, which stay used"), NumberRow.member_id),
    (N_("History records"), RecordRow.member_id),
    (N_("Certificates of membership"), CertificateRow.person_id),
    (N_("Requests"), RequestRow.person_id),
    (N_("Applications"), ApplicationRow.member_id),
    (N_("Contacts"), ContactRow.corporation_id),
    (N_("Announcements read"), ReadRow.person_id),
)


def count_moving(uow: UnitOfWork, gone_id: str) -> Sequence[tuple[str, int]]:
    """(what, how many) of all that there is anything of."""
    counts = ((what, sa.select(sa.func.count()).where(whose == gone_id)) for what, whose in MOVED)
    return [(what, count) for what, statement in counts if (count := uow.session.scalar(statement) or 0)]


def move_all(uow: UnitOfWork, kept_id: str, gone_id: str) -> dict[str, str]:
    """Returns what could not go over since the kept one has the same, for the audit trail."""
    doubles = _move_records(uow, kept_id, gone_id)
    _move_requests(uow, kept_id, gone_id)
    _move_codes(uow, kept_id, gone_id)
    _move_contacts(uow, kept_id, gone_id)
    waiting = sa.update(EmailChangeRow).where(EmailChangeRow.person_id == gone_id, _is_open())
    _do(uow, waiting.values(superseded_at=uow.now))
    for column in (
        NumberRow.member_id,
        CertificateRow.person_id,
        ApplicationRow.member_id,
        EmailChangeRow.person_id,
        StagedRecordRow.member_id,
        MemberRow.merged_into,
    ):
        _move(uow, column, kept_id, gone_id)
    _move_unless_there(uow, ReadRow.person_id, kept_id, gone_id, ReadRow.announcement_id)
    _do(uow, sa.delete(ReadRow).where(ReadRow.person_id == gone_id))
    _move_unless_there(uow, HoldRow.person_id, kept_id, gone_id)
    _do(uow, sa.delete(HoldRow).where(HoldRow.person_id == gone_id))
    _move_selected(uow, kept_id, gone_id)
    _move_told_apart(uow, kept_id, gone_id)
    return {"record": doubles} if doubles else {}


def _move_records(uow: UnitOfWork, kept_id: str, gone_id: str) -> str:
    same = (RecordRow.kind_id, RecordRow.starts_on, RecordRow.ends_on, RecordRow.title)
    _move_unless_there(uow, RecordRow.member_id, kept_id, gone_id, *same)
    doubles = uow.session.scalars(sa.select(RecordRow).where(RecordRow.member_id == gone_id)).all()
    for row in doubles:
        uow.session.delete(row)
    told = ((row.title, row.title_en, f"({row.starts_on})", row.note) for row in doubles)
    return "; ".join(" ".join(filter(None, parts)) for parts in told)


def _move_requests(uow: UnitOfWork, kept_id: str, gone_id: str) -> None:
    """Of each kind one waits at a time: that of the kept one."""
    asked = sa.select(RequestRow).where(RequestRow.person_id.in_((kept_id, gone_id)), RequestRow.state == "waiting")
    waiting = uow.session.scalars(asked.with_for_update()).all()
    kinds = {row.kind for row in waiting if row.person_id == kept_id}
    for row in waiting:
        if row.person_id == gone_id and row.kind in kinds:
            row.state, row.decided_at, row.decided_by = "taken_back", uow.now, uow.actor.name
            was, now = {"request": f"{row.kind} waiting"}, {"request": f"{row.kind} taken_back"}
            audit.record(uow, "take-back-request", f"member/{gone_id}", before=was, after=now)
    uow.session.flush()
    _move(uow, RequestRow.person_id, kept_id, gone_id)


def _move_codes(uow: UnitOfWork, kept_id: str, gone_id: str) -> None:
    """One card counts: that of the kept one, where they have one."""
    in_force = CodeRow.ended_at.is_(None), CodeRow.certificate_id.is_(None)
    has_own = uow.session.scalar(sa.select(CodeRow.id).where(CodeRow.person_id == kept_id, *in_force)) is not None
    card = sa.update(CodeRow).where(CodeRow.person_id == gone_id, *in_force)
    if has_own and _do(uow, card.values(ended_at=uow.now)):
        audit.record(uow, "revoke-card-code", f"member/{gone_id}", before={"card": ""}, after={"card": "revoked"})
    _move(uow, CodeRow.person_id, kept_id, gone_id)


def _move_contacts(uow: UnitOfWork, kept_id: str, gone_id: str) -> None:
    """Of a corporate member. One is the main contact: that of the kept one, where they have one."""
    mains = sa.select(ContactRow.id).where(ContactRow.corporation_id == kept_id, ContactRow.main)
    if uow.session.scalar(mains) is not None:
        _do(uow, sa.update(ContactRow).where(ContactRow.corporation_id == gone_id).values(main=False))
    _move(uow, ContactRow.corporation_id, kept_id, gone_id)


def _move_selected(uow: UnitOfWork, kept_id: str, gone_id: str) -> None:
    """A chosen list has nobody twice."""
    _move_unless_there(uow, SelectedRow.member_id, kept_id, gone_id, SelectedRow.selection_id)
    twice = sa.select(SelectedRow.selection_id).where(SelectedRow.member_id == gone_id)
    lists = uow.session.scalars(twice).all()
    _do(uow, sa.update(SelectionRow).where(SelectionRow.id.in_(lists)).values(count=SelectionRow.count - 1))
    _do(uow, sa.delete(SelectedRow).where(SelectedRow.member_id == gone_id))


def _move_told_apart(uow: UnitOfWork, kept_id: str, gone_id: str) -> None:
    """Whoever is not the one is not the other either."""
    pairs = sa.select(DuplicateRow).where(sa.or_(DuplicateRow.first_id == gone_id, DuplicateRow.second_id == gone_id))
    for row in uow.session.scalars(pairs).all():
        other = row.second_id if row.first_id == gone_id else row.first_id
        first, second = sorted((kept_id, other))
        if row.state == "different" and other != kept_id:
            known = uow.session.get(DuplicateRow, (first, second)) or uow.add(
                DuplicateRow(first_id=first, second_id=second, score=0, reasons=0, found_at=row.found_at)
            )
            known.state, known.decided_at, known.decided_by = "different", row.decided_at, row.decided_by
        uow.session.delete(row)
    uow.session.flush()


def _is_open() -> sa.ColumnElement[bool]:
    return sa.and_(EmailChangeRow.confirmed_at.is_(None), EmailChangeRow.superseded_at.is_(None))


def _move(uow: UnitOfWork, column: Any, kept_id: str, gone_id: str) -> int:
    return _do(uow, sa.update(column.class_).where(column == gone_id).values({column: kept_id}))


def _move_unless_there(uow: UnitOfWork, column: Any, kept_id: str, gone_id: str, *same: Any) -> None:
    """Those of which the kept one has none with the same."""
    other = aliased(column.class_)
    of_kept = sa.exists().where(
        getattr(other, column.key) == kept_id, *(getattr(other, each.key) == each for each in same)
    )
    _do(uow, sa.update(column.class_).where(column == gone_id, ~of_kept).values({column: kept_id}))


def _do(uow: UnitOfWork, statement: Any) -> int:
    done: Any = uow.session.execute(statement, execution_options=QUIETLY)
    return int(done.rowcount)
