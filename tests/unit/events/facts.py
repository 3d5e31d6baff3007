"""Facts as the other services say them, how they arrive, and events made by staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from services.events.catalogue import create_event, set_switches
from services.events.models import EventRow, RegistrationRow
from services.events.registrations import register
from shared import clock
from shared.bus import inbox
from shared.bus.inbox import InboxRow
from shared.ids import new_id
from shared.messages import CONTRACTS, Envelope, Message, encode
from shared.messages.billing import Invoice
from shared.messages.members import Person, PersonChanged, Society, SocietyChanged
from shared.outbox import OutboxRow
from shared.service import RunningService

SOCIETY = "019f1111-1111-7111-8111-111111111111"
OTHER = "019f2222-2222-7222-8222-222222222222"


def society_changed(id: str = SOCIETY) -> SocietyChanged:
    return SocietyChanged(
        society=Society(id=id, revision=1, slug=f"s{id[4:8]}", name="日本集い学会", name_en="Tsudoi Society of Japan")
    )


def tell(running: RunningService, *messages: Message, society: str = SOCIETY) -> None:
    """Let messages arrive as one batch; each must be handled at once."""
    envelopes = [
        Envelope(
            id=new_id(),
            type=message.type_name(),
            source=f"/{message.publisher()}",
            time=clock.now(),
            society=society,
            payload=encode(message),
            correlation=new_id(),
        )
        for message in messages
    ]
    inbox.receive(running, envelopes)
    with running.session(reading=True) as session:
        failed = session.scalars(sa.select(InboxRow).where(InboxRow.state != "handled")).all()
    assert not failed, [row.error for row in failed]


def tell_person(running: RunningService, name: str = "髙橋 花子", **changes: Any) -> str:
    given = {"id": new_id(), "revision": 1, "kind": "individual", "name": name, "email": "hanako@example.org"}
    person = Person(**{**given, **changes})
    tell(running, PersonChanged(person=person))
    return person.id


def event_values(**changes: Any) -> dict[str, Any]:
    today = clock.today()
    given = {
        "title": "年次大会2026",
        "title_en": "Annual Meeting 2026",
        "venue": "集い会館",
        "starts_on": today + timedelta(days=30),
        "ends_on": today + timedelta(days=31),
        "registration_until": today + timedelta(days=20),
        "capacity": 10,
        "fee": 5_000,
    }
    return {**given, **changes}


def open_event(running: RunningService, **changes: Any) -> str:
    """An event that is published, listed, and takes registrations."""
    with running.unit(SOCIETY) as uow:
        event = create_event(uow, event_values(**changes))
        set_switches(uow, event.id, published=True, registration_open=True, on_my_page=True)
        return event.id


def registered(running: RunningService, event_id: str, person_id: str | None = None) -> RegistrationRow:
    with running.unit(SOCIETY) as uow:
        return register(uow, event_id, person_id or new_id())


def event_of(running: RunningService, id: str) -> EventRow:
    with running.unit(SOCIETY, reading=True) as uow:
        return uow.get(EventRow, id)


def registration_of(running: RunningService, id: str) -> RegistrationRow:
    with running.unit(SOCIETY, reading=True) as uow:
        return uow.get(RegistrationRow, id)


def invoice_for(registration: RegistrationRow, **changes: Any) -> Invoice:
    """What billing makes of a registration."""
    given: dict[str, Any] = {
        "id": new_id(),
        "revision": 1,
        "number": "E-000001",
        "payer_id": registration.person_id,
        "kind": "event",
        "title": "年次大会2026 参加費",
        "title_en": "Annual Meeting 2026",
        "total": registration.fee,
        "paid": 0,
        "due": registration.fee,
        "state": "unpaid",
        "issued_on": date(2026, 4, 1),
        "registration_id": registration.id,
    }
    return Invoice(**{**given, **changes})


def changed(known: Invoice, **changes: Any) -> Invoice:
    return msgspec.structs.replace(known, revision=known.revision + 1, **changes)


def said(running: RunningService) -> Sequence[Message]:
    with running.session(reading=True) as session:
        rows = session.scalars(sa.select(OutboxRow).order_by(OutboxRow.id)).all()
        return [msgspec.json.decode(row.payload, type=CONTRACTS[row.type]) for row in rows]


def said_names(running: RunningService) -> list[str]:
    return sorted(type(message).__name__ for message in said(running))
