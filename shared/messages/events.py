"""What events says. Amounts are yen; people are ids."""

from __future__ import annotations

from datetime import date, datetime

from shared.messages.base import Fact, Message


class Event(Fact):
    """A published event."""

    id: str
    revision: int
    title: str
    title_en: str
    starts_on: date
    ends_on: date
    venue: str = ""
    venue_en: str = ""


class EventPublished(Message, tag="events.EventPublished.v1"):
    """An event became visible, or its public data changed afterwards."""

    event: Event


class Registration(Fact):
    """A registration 参加登録 with what it costs."""

    id: str
    revision: int
    event_id: str
    event_title: str
    event_title_en: str
    person_id: str
    state: str  # placed | confirmed | cancelled
    fee: int
    tax_class: str
    pay_until: date | None = None
    methods: tuple[str, ...] = ()


class RegistrationPlaced(Message, tag="events.RegistrationPlaced.v1"):
    """Somebody registered and holds a seat; billing makes the invoice (also for a fee of zero yen: none)."""

    registration: Registration


class RegistrationConfirmed(Message, tag="events.RegistrationConfirmed.v1"):
    """The registration is firm: paid, or nothing to pay."""

    registration: Registration
    confirmed_at: datetime


class RegistrationCancelled(Message, tag="events.RegistrationCancelled.v1"):
    """The registration was cancelled and its seat is free again; billing cancels what is unpaid."""

    registration: Registration
