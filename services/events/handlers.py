"""Messages in: what billing and payments say about registrations."""

from __future__ import annotations

from collections.abc import Sequence

from services.events.registrations import note_invoice, release_after_expiry
from shared.local_copies import PEOPLE, SOCIETIES_AND_SESSIONS
from shared.messages.billing import InvoiceCancelled, InvoiceChanged, InvoiceCreated, InvoicePaid
from shared.messages.payments import RequestExpired
from shared.service import InBulk, Subscriptions
from shared.uow import UnitOfWork


def note_invoice_states(
    uow: UnitOfWork, messages: Sequence[InvoiceCreated | InvoiceChanged | InvoiceCancelled | InvoicePaid]
) -> None:
    """In bulk, since most invoices (all of an annual run) are not for a registration: those are nothing to events."""
    for message in messages:
        it = message.invoice
        if it.registration_id is None:
            continue
        note_invoice(
            uow,
            it.registration_id,
            invoice_id=it.id,
            number=it.number,
            revision=it.revision,
            state=it.state,
            paid=it.paid,
        )


def release_expired_seat(uow: UnitOfWork, message: RequestExpired) -> None:
    release_after_expiry(uow, message.invoice_id)


SUBSCRIPTIONS: Subscriptions = {
    **SOCIETIES_AND_SESSIONS,
    **PEOPLE,
    InvoiceCreated: InBulk(note_invoice_states),
    InvoiceChanged: InBulk(note_invoice_states),
    InvoiceCancelled: InBulk(note_invoice_states),
    InvoicePaid: InBulk(note_invoice_states),
    RequestExpired: release_expired_seat,
}
