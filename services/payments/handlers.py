"""Messages in."""

from __future__ import annotations

from collections.abc import Sequence

from services.payments.requests import Billed, copy_invoices
from shared.local_copies import PEOPLE, SOCIETIES_AND_SESSIONS
from shared.messages.billing import Invoice, InvoiceCancelled, InvoiceChanged, InvoiceCreated
from shared.service import InBulk, Subscriptions
from shared.uow import UnitOfWork


def keep_requests(uow: UnitOfWork, messages: Sequence[InvoiceCreated | InvoiceChanged | InvoiceCancelled]) -> None:
    """Requests to pay follow the invoices: opened, changed, closed."""
    copy_invoices(uow, [_billed(message.invoice) for message in messages])


def _billed(invoice: Invoice) -> Billed:
    return Billed(
        invoice_id=invoice.id,
        revision=invoice.revision,
        number=invoice.number,
        payer_id=invoice.payer_id,
        title=invoice.title,
        title_en=invoice.title_en,
        due=invoice.due,
        due_on=invoice.due_on,
        methods=invoice.methods,
        cancelled=invoice.state == "cancelled",
    )


SUBSCRIPTIONS: Subscriptions = {
    **SOCIETIES_AND_SESSIONS,
    **PEOPLE,
    InvoiceCreated: InBulk(keep_requests),
    InvoiceChanged: InBulk(keep_requests),
    InvoiceCancelled: InBulk(keep_requests),
}
