"""Seats: taken and given back by one conditional statement each, so that never one too many is sold, at any load."""

from __future__ import annotations

import sqlalchemy as sa

from services.events.errors import EventFull
from services.events.models import EventRow
from shared.uow import UnitOfWork


def take_seat(uow: UnitOfWork, event_id: str) -> None:
    """One seat less. Raises EventFull. From here on other registrations of this event wait for our commit."""
    free = sa.or_(EventRow.capacity.is_(None), EventRow.taken < EventRow.capacity)
    if not _change(uow, sa.update(EventRow).where(EventRow.id == event_id, free).values(taken=EventRow.taken + 1)):
        raise EventFull


def give_seat_back(uow: UnitOfWork, event_id: str) -> None:
    _change(uow, sa.update(EventRow).where(EventRow.id == event_id).values(taken=EventRow.taken - 1))


def _change(uow: UnitOfWork, statement: sa.Update) -> bool:
    result = uow.session.execute(statement, execution_options={"synchronize_session": False})
    return bool(result.rowcount == 1)  # type: ignore[attr-defined]
