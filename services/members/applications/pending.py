"""Applications whose link can be used just now: what staff see of them, and why they may not go ahead (M4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.members.errors.applications import VerificationPending
from services.members.models import ApplicationRow
from shared.errors import Fault
from shared.uow import UnitOfWork

IS_OPEN = (
    ~ApplicationRow.known,
    ApplicationRow.sent_at.is_(None),
    ApplicationRow.superseded_at.is_(None),
    ApplicationRow.voided_at.is_(None),
)


def pending_applications(uow: UnitOfWork) -> Sequence[ApplicationRow]:
    """Newest first."""
    return uow.session.scalars(_usable(uow).order_by(ApplicationRow.started_at.desc())).all()


def refuse_while_pending(uow: UnitOfWork, email: str) -> None:
    """Raises VerificationPending, with the time that is left."""
    row = uow.session.scalars(_usable(uow).where(ApplicationRow.email == email)).first()
    if row is None:
        return
    minutes = int((row.expires_at - uow.now).total_seconds()) // 60
    params = {"hours": minutes // 60, "minutes": minutes % 60}
    raise VerificationPending(**params, faults=[Fault(VerificationPending.text, params, "email")])


def _usable(uow: UnitOfWork) -> sa.Select[Any]:
    return sa.select(ApplicationRow).where(*IS_OPEN, ApplicationRow.expires_at > uow.now)
