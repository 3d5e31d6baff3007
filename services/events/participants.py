"""The list of participants 参加者一覧 as a table for download (E8)."""

from __future__ import annotations

from collections.abc import Iterator

from services.events.models import EventRow, RegistrationRow
from services.events.registrations import participants
from shared.errors import N_
from shared.people import PersonRow
from shared.tables.writing import Cell
from shared.uow import UnitOfWork

AT_ONCE = 1_000  # rows held in memory
HEADERS = (
    N_("Member number"),
    N_("Name"),
    N_("Kana"),
    N_("Name in roman letters"),
    N_("E-mail"),
    N_("Category"),
    N_("Affiliation"),
    N_("Registration"),
    N_("Fee"),
    N_("Paid"),
    N_("Payment"),
    N_("Invoice number"),
    N_("Registered at"),
    N_("Confirmed at"),
    N_("Cancelled at"),
)

STATE_WORDS = {"placed": N_("Waiting for payment"), "confirmed": N_("Confirmed"), "cancelled": N_("Cancelled")}

PAYMENT_WORDS = {
    "": N_("Invoice is being made"),
    "unpaid": N_("Unpaid"),
    "part_paid": N_("Partly paid"),
    "paid": N_("Paid"),
    "nothing_due": N_("No payment needed"),
    "cancelled": N_("Invoice cancelled"),
}


def payment_state(registration: RegistrationRow) -> str:
    """Key into PAYMENT_WORDS: how the money of a registration stands."""
    if not registration.fee:
        return "nothing_due"
    if not registration.invoice_state and not registration.is_live:
        return "cancelled"
    return registration.invoice_state


def participant_rows(uow: UnitOfWork, event: EventRow) -> Iterator[list[Cell]]:
    """Rows under HEADERS, in the order of registration; moments in the society's zone, states untranslated."""
    zone = uow.zone
    statement = participants(event.id).order_by(RegistrationRow.id).execution_options(yield_per=AT_ONCE)
    for registration, person in uow.session.execute(statement):
        yield [
            *_of_person(person),
            STATE_WORDS[registration.state],
            registration.fee,
            registration.paid,
            PAYMENT_WORDS[payment_state(registration)],
            registration.invoice_number,
            *(
                moment.astimezone(zone) if moment else None
                for moment in (registration.placed_at, registration.confirmed_at, registration.cancelled_at)
            ),
        ]


def _of_person(person: PersonRow | None) -> list[Cell]:
    if person is None:
        return ["", "", "", "", "", "", ""]
    return [
        person.number,
        person.name,
        person.kana,
        person.roman,
        person.email,
        person.category_name,
        person.affiliation,
    ]
