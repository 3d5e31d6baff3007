"""The office decides: an applicant is admitted, or the application is withdrawn 申請取下."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.errors.applications import NotApplying
from services.members.models import ApplicationRow, MemberRow, StandingRow
from services.members.standings.history import move_on
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
    """All of them or none, told to each when the day comes. Where the day of joining is that of the application, or
    before it, the application gives way in the history.

    Raises NotFound, NotApplying, StandingOnThatDay, StandingCannotFollow."""
    admitted = []
    for id in sorted(ids):  # in one order everywhere: two who admit never wait in a circle
        _lock_applicant(uow, id)
        admitted.append(move_on(uow, id, "active", joined_on))
    return admitted


def withdraw(uow: UnitOfWork, id: str) -> MemberRow:
    """The applicant does not want to any more, or it was a mistake. Raises NotFound, NotApplying."""
    _lock_applicant(uow, id)
    return move_on(uow, id, "withdrawn_application", uow.today)


def days_of_joining(uow: UnitOfWork, rows: Sequence[MemberRow]) -> dict[str, date]:
    """Who of these is admitted already and joins on a day to come, by member id."""
    ids = [row.id for row in rows]
    coming = sa.select(StandingRow.member_id, StandingRow.starts_on).where(
        StandingRow.member_id.in_(ids), StandingRow.in_force_at.is_(None), StandingRow.standing == "active"
    )
    return {str(id): day for id, day in uow.session.execute(coming)}


def _lock_applicant(uow: UnitOfWork, id: str) -> None:
    row = uow.get(MemberRow, id, lock=True)
    if row.standing != "applying":
        raise NotApplying(name=row.name)
