"""The office decides: an applicant is admitted, or the application is withdrawn 申請取下."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.errors import NotApplying
from services.members.members import change_member
from services.members.models import ApplicationRow, MemberRow
from shared.errors import N_, Fault, InvalidInput
from shared.messages.members import MemberAdmitted
from shared.uow import UnitOfWork


def applicants() -> sa.Select[Any]:
    """Everybody who is applying."""
    return sa.select(MemberRow).where(MemberRow.standing == "applying")


def sent_at(uow: UnitOfWork, rows: Sequence[MemberRow]) -> dict[str, Any]:
    """When these sent their application themselves, by member id; those whom staff applied for are missing."""
    ids = [row.id for row in rows]
    found = sa.select(ApplicationRow.member_id, ApplicationRow.sent_at).where(ApplicationRow.member_id.in_(ids))
    return {str(id): moment for id, moment in uow.session.execute(found)}


def admit(uow: UnitOfWork, ids: Collection[str], *, joined_on: date) -> Sequence[MemberRow]:
    """All of them or none, told to each. The day of joining may be that of the application, and any day until today.

    Raises NotFound, NotApplying, InvalidInput."""
    if joined_on > uow.today:
        raise InvalidInput(faults=[Fault(N_("This day has not come yet."), field="joined_on")])
    admitted = []
    for id in sorted(ids):  # in one order everywhere: two who admit never wait in a circle
        _lock_applicant(uow, id)
        admitted.append(change_member(uow, id, {"standing": "active", "joined_on": joined_on}))
        uow.say(MemberAdmitted(person_id=id, joined_on=joined_on))
    return admitted


def withdraw(uow: UnitOfWork, id: str) -> MemberRow:
    """The applicant does not want to any more, or it was a mistake. Raises NotFound, NotApplying."""
    _lock_applicant(uow, id)
    return change_member(uow, id, {"standing": "withdrawn_application"})


def _lock_applicant(uow: UnitOfWork, id: str) -> None:
    row = uow.get(MemberRow, id, lock=True)
    if row.standing != "applying":
        raise NotApplying(name=row.name)
