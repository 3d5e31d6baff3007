"""Events as staff make them: draft, publish, change (E1, E2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from services.events.errors import CapacityTooSmall, EventIncomplete, FeeIsFixed
from services.events.models import EventRow, RegistrationRow
from shared import audit
from shared.errors import N_, Fault, InvalidInput, NotFound
from shared.messages.events import EventPublished
from shared.uow import UnitOfWork

PRICED = ("fee", "tax_class")


def create_event(uow: UnitOfWork, values: Mapping[str, Any]) -> EventRow:
    """A draft that only staff see. Raises InvalidInput."""
    event = EventRow(**values)
    _check(event)
    uow.add(event)
    uow.session.flush()
    audit.record(uow, "create-event", f"event/{event.id}", after={"title": event.title})
    return event


def change_event(uow: UnitOfWork, event_id: str, values: Mapping[str, Any]) -> EventRow:
    """Change a draft freely, a published event where no registration contradicts (E1).

    Raises NotFound, InvalidInput, CapacityTooSmall, FeeIsFixed."""
    event = uow.get(EventRow, event_id, lock=True)
    changed = {name: value for name, value in values.items() if getattr(event, name) != value}
    if not changed:
        return event
    capacity = changed.get("capacity")
    if capacity is not None and capacity < event.taken:
        raise CapacityTooSmall(taken=event.taken)
    if any(name in changed for name in PRICED) and _has_registrations(uow, event.id):
        raise FeeIsFixed
    before = {name: getattr(event, name) for name in changed}
    for name, value in changed.items():
        setattr(event, name, value)
    _check(event)
    was, now = audit.plain(before), audit.plain(changed)
    audit.record(uow, "change-event", f"event/{event.id}", before=was, after=now)
    if event.published:
        _say_published(uow, event)
    return event


def set_switches(
    uow: UnitOfWork, event_id: str, *, published: bool, registration_open: bool, on_my_page: bool
) -> EventRow:
    """Turn the three switches (E2). Nothing can be open or listed that is not published.

    Raises NotFound, EventIncomplete."""
    event = uow.get(EventRow, event_id, lock=True)
    wanted = (published, published and registration_open, published and on_my_page)
    before = (event.published, event.registration_open, event.on_my_page)
    if wanted == before:
        return event
    if published and not event.venue:
        raise EventIncomplete(faults=[Fault(N_("Please fill this in."), field="venue")])
    event.published, event.registration_open, event.on_my_page = wanted
    names = ("published", "registration_open", "on_my_page")
    audit.record(
        uow,
        "switch-event",
        f"event/{event.id}",
        before=dict(zip(names, before, strict=True)),
        after=dict(zip(names, wanted, strict=True)),
    )
    if published:
        _say_published(uow, event)
    return event


def list_events(uow: UnitOfWork) -> Sequence[EventRow]:
    """All events for staff, the latest first."""
    return uow.session.scalars(sa.select(EventRow).order_by(EventRow.starts_on.desc(), EventRow.id.desc())).all()


def all_events(text: str = "") -> sa.Select[EventRow]:
    """Events whose title or venue holds all these words, for a list of pages."""
    statement = sa.select(EventRow)
    for word in text.split():
        columns = (EventRow.title, EventRow.title_en, EventRow.venue, EventRow.venue_en)
        statement = statement.where(sa.or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return statement


def events_for_members(uow: UnitOfWork) -> Sequence[EventRow]:
    """What My Page lists: published, switched on, and not over."""
    statement = sa.select(EventRow).where(EventRow.published, EventRow.on_my_page, EventRow.ends_on >= uow.today)
    return uow.session.scalars(statement.order_by(EventRow.starts_on, EventRow.id)).all()


def published_event(uow: UnitOfWork, event_id: str) -> EventRow:
    """One event by its page's address, listed or not. Raises NotFound."""
    event = uow.get(EventRow, event_id)
    if not event.published:
        raise NotFound
    return event


def _say_published(uow: UnitOfWork, event: EventRow) -> None:
    event.revision += 1
    uow.say(EventPublished(event=event.public()))


def _has_registrations(uow: UnitOfWork, event_id: str) -> bool:
    live = sa.select(RegistrationRow.id).where(
        RegistrationRow.event_id == event_id, RegistrationRow.state != "cancelled"
    )
    return uow.session.scalars(live.limit(1)).first() is not None


def _check(event: EventRow) -> None:
    faults = []
    if event.ends_on < event.starts_on:
        faults.append(Fault(N_("The event ends before it starts."), field="ends_on"))
    if event.registration_until > event.ends_on:
        faults.append(Fault(N_("Registration can't go on after the event."), field="registration_until"))
    if faults:
        raise InvalidInput(faults=faults)
