"""Seats: taken and given back by one conditional statement each, so that never one too many is sold, at any load."""

from __future__ import annotations

import sqlalchemy as sa

from services.events.models import EventRow
from shared.uow import UnitOfWork

_TAKE = (
    sa.update(EventRow)
    .where(
        EventRow.id == sa.bindparam("event"),
        EventRow.published,
        EventRow.registration_open,
        EventRow.registration_until >= sa.bindparam("today"),
        sa.or_(EventRow.capacity.is_(None), EventRow.taken < EventRow.capacity),
    )
    .values(taken=EventRow.taken + 1)
    .returning(EventRow)
    .execution_options(synchronize_session=False, populate_existing=True)
)


def take_seat(uow: UnitOfWork, event_id: str) -> EventRow | None:
    """One seat less of an event that is open for registration; None where there is none. From here on other
    registrations of this event wait for our commit."""
    return uow.session.scalars(_TAKE, {"event": event_id, "today": uow.today}).one_or_none()


def give_seat_back(uow: UnitOfWork, event_id: str) -> None:
    statement = sa.update(EventRow).where(EventRow.id == event_id).values(taken=EventRow.taken - 1)
    uow.session.execute(statement, execution_options={"synchronize_session": False})
