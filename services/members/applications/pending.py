"""Applications whose link can be used just now: what staff see of them, and why they may not go ahead (M4)."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from services.members.errors import VerificationPending
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
    statement = sa.select(ApplicationRow).where(*IS_OPEN, ApplicationRow.expires_at > uow.now)
    return uow.session.scalars(statement.order_by(ApplicationRow.started_at.desc())).all()


def refuse_while_pending(uow: UnitOfWork, email: str) -> None:
    """Raises VerificationPending, with the time that is left."""
    open_ones = sa.select(ApplicationRow.expires_at).where(
        *IS_OPEN, ApplicationRow.expires_at > uow.now, ApplicationRow.email == email
    )
    until = uow.session.scalars(open_ones).first()
    if until is None:
        return
    minutes = int((until - uow.now).total_seconds()) // 60
    params = {"hours": minutes // 60, "minutes": minutes % 60}
    raise VerificationPending(**params, faults=[Fault(VerificationPending.text, params, "email")])
