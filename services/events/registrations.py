"""Registrations 参加登録: placed, confirmed by payment, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import sqlalchemy as sa

from services.events.catalogue import published_event
from services.events.errors import (
    AlreadyCancelled,
    AlreadyRegistered,
    CancellationEnded,
    EventFull,
    RegistrationEnded,
    RegistrationNotOpen,
)
from services.events.models import EventRow, RegistrationRow
from services.events.seats import give_seat_back, take_seat
from shared import audit
from shared.errors import NotFound, TsudoiError
from shared.messages.events import RegistrationCancelled, RegistrationConfirmed, RegistrationPlaced
from shared.people import PersonRow, ids_of
from shared.uow import UnitOfWork

DAYS_TO_PAY = 14
GRACE = timedelta(days=5)  # banks report a transfer days after its value date: the told deadline is not the last word


def register(uow: UnitOfWork, event_id: str, person_id: str) -> RegistrationRow:
    """Take a seat for a person and say so; billing makes the invoice. Without a fee the registration is firm at once.

    Raises NotFound, RegistrationNotOpen, RegistrationEnded, EventFull, AlreadyRegistered."""
    event = take_seat(uow, event_id)
    if event is None:
        raise _why_no_seat(uow, event_id, person_id)
    if live_registration(uow, event_id, person_id) is not None:  # by now we see what the same person's other click did
        raise AlreadyRegistered
    registration = RegistrationRow(
        event_id=event_id,
        person_id=person_id,
        state="placed",
        fee=event.fee,
        tax_class=event.tax_class,
        pay_until=_pay_until(event, uow.today) if event.fee else None,
        placed_at=uow.now,
        revision=1,
        paid=0,
    )
    uow.add(registration)
    uow.session.flush()
    uow.say(RegistrationPlaced(registration=registration.public(event)))
    if not event.fee:
        _confirm(uow, registration)
    return registration


def _why_no_seat(uow: UnitOfWork, event_id: str, person_id: str) -> TsudoiError:
    event = published_event(uow, event_id)
    if (why_not := why_closed(event, uow.today)) is not None:
        return why_not
    return EventFull() if live_registration(uow, event_id, person_id) is None else AlreadyRegistered()


def why_closed(event: EventRow, today: date) -> RegistrationNotOpen | RegistrationEnded | None:
    """Why nobody can register (E6), apart from a lack of seats; None if they can."""
    if not event.registration_open:
        return RegistrationNotOpen()
    if today > event.registration_until:
        return RegistrationEnded(day=event.registration_until.isoformat())
    return None


def may_cancel(event: EventRow, today: date) -> bool:
    """Until 24:00 of the last day of registration (E6)."""
    return today <= event.registration_until


def cancel_registration(uow: UnitOfWork, registration_id: str, *, person_id: str | None = None) -> RegistrationRow:
    """Cancel 参加登録取消 and free the seat; billing cancels what is unpaid. With `person_id`: only one's own, in time.

    Raises NotFound, AlreadyCancelled, CancellationEnded."""
    registration = uow.get(RegistrationRow, registration_id, lock=True)
    if person_id is not None and registration.person_id not in ids_of(uow, person_id):
        raise NotFound
    if not registration.is_live:
        raise AlreadyCancelled
    event = uow.get(EventRow, registration.event_id)
    if person_id is not None and not may_cancel(event, uow.today):
        raise CancellationEnded(day=event.registration_until.isoformat())
    before = {"state": registration.state}
    _cancel(uow, registration)
    audit.record(
        uow, "cancel-registration", f"registration/{registration.id}", before=before, after={"state": "cancelled"}
    )
    return registration


def note_invoice(
    uow: UnitOfWork, registration_id: str, *, invoice_id: str, number: str, revision: int, state: str, paid: int
) -> None:
    """Keep what billing says about the invoice of a registration: paid in full confirms it, cancelled ends it.

    A registration that was cancelled stays so, whatever is paid late: billing keeps that money as credit."""
    statement = sa.select(RegistrationRow).where(RegistrationRow.id == registration_id).with_for_update()
    registration = uow.session.scalars(statement).one_or_none()
    if registration is None or registration.invoice_revision >= revision:
        return
    registration.invoice_id, registration.invoice_number = invoice_id, number
    registration.invoice_revision, registration.invoice_state, registration.paid = revision, state, paid
    if registration.state != "placed":
        return
    if state in ("paid", "nothing_due"):
        _confirm(uow, registration)
    elif state == "cancelled":
        _cancel(uow, registration)  # without an invoice it could never be paid


def release_after_expiry(uow: UnitOfWork, invoice_id: str) -> None:
    """A request to pay ran out. While there is time, the person may choose another method; then the seat is freed."""
    statement = sa.select(RegistrationRow).where(RegistrationRow.invoice_id == invoice_id).with_for_update()
    registration = uow.session.scalars(statement).one_or_none()
    if registration is None or registration.state != "placed" or registration.paid:
        return
    if registration.pay_until is not None and registration.pay_until < uow.today:
        _cancel(uow, registration)


def release_unpaid(uow: UnitOfWork) -> None:
    """Due work: free the seats of those who never began to pay, some days after the deadline that they were told."""
    overdue = sa.select(RegistrationRow.id).where(
        RegistrationRow.state == "placed", RegistrationRow.paid == 0, RegistrationRow.pay_until < uow.today - GRACE
    )
    for id in uow.session.scalars(overdue.order_by(RegistrationRow.id).limit(500)).all():
        registration = uow.get(RegistrationRow, id, lock=True)
        if registration.state == "placed" and not registration.paid:
            _cancel(uow, registration)


def live_registration(uow: UnitOfWork, event_id: str, person_id: str) -> RegistrationRow | None:
    """Theirs, or the first one where two records of one person were merged after both had registered."""
    statement = sa.select(RegistrationRow).where(
        RegistrationRow.event_id == event_id,
        RegistrationRow.person_id.in_(ids_of(uow, person_id)),
        RegistrationRow.state != "cancelled",
    )
    return uow.session.scalars(statement.order_by(RegistrationRow.id)).first()


def registrations_of(uow: UnitOfWork, person_id: str) -> Sequence[tuple[RegistrationRow, EventRow]]:
    """A person's live registrations for events that are not over, the next event first."""
    statement = (
        sa.select(RegistrationRow, EventRow)
        .join(EventRow, EventRow.id == RegistrationRow.event_id)
        .where(
            RegistrationRow.person_id.in_(ids_of(uow, person_id)),
            RegistrationRow.state != "cancelled",
            EventRow.ends_on >= uow.today,
        )
        .order_by(EventRow.starts_on, RegistrationRow.id)
    )
    return [(registration, event) for registration, event in uow.session.execute(statement)]


def participants(event_id: str, *, text: str = "", state: str = "") -> sa.Select[RegistrationRow, PersonRow]:
    """Registrations of an event with the people that they are for (None while a person is not known here yet)."""
    statement = (
        sa.select(RegistrationRow, PersonRow)
        .outerjoin(PersonRow, PersonRow.id == RegistrationRow.person_id)
        .where(RegistrationRow.event_id == event_id)
    )
    if state:
        statement = statement.where(RegistrationRow.state == state)
    for word in text.split():
        columns = (PersonRow.name, PersonRow.kana, PersonRow.roman, PersonRow.email, PersonRow.number)
        statement = statement.where(sa.or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return statement


def counts_of(uow: UnitOfWork, event_id: str) -> dict[str, int]:
    """How many registrations of an event are in each state, and the yen that were paid for it (`paid`)."""
    statement = (
        sa.select(RegistrationRow.state, sa.func.count(), sa.func.coalesce(sa.func.sum(RegistrationRow.paid), 0))
        .where(RegistrationRow.event_id == event_id)
        .group_by(RegistrationRow.state)
    )
    counts = {"placed": 0, "confirmed": 0, "cancelled": 0, "paid": 0}
    for state, count, paid in uow.session.execute(statement):
        counts[state] = count
        counts["paid"] += int(paid)
    return counts


def _pay_until(event: EventRow, today: date) -> date:
    """Two weeks, but not after the event has begun, and never in the past."""
    return max(today, min(today + timedelta(days=DAYS_TO_PAY), event.starts_on))


def _confirm(uow: UnitOfWork, registration: RegistrationRow) -> None:
    registration.state, registration.confirmed_at = "confirmed", uow.now
    registration.revision += 1
    event = uow.get(EventRow, registration.event_id)
    uow.say(RegistrationConfirmed(registration=registration.public(event), confirmed_at=uow.now))


def _cancel(uow: UnitOfWork, registration: RegistrationRow) -> None:
    registration.state, registration.cancelled_at = "cancelled", uow.now
    registration.revision += 1
    give_seat_back(uow, registration.event_id)
    event = uow.get(EventRow, registration.event_id)
    uow.say(RegistrationCancelled(registration=registration.public(event)))
