"""Messages in."""

from __future__ import annotations

from services.payments.requests import copy_invoices
from shared.local_copies import PEOPLE, SOCIETIES_AND_SESSIONS
from shared.messages.billing import InvoiceCancelled, InvoiceChanged, InvoiceCreated
from shared.service import InBulk, Subscriptions

SUBSCRIPTIONS: Subscriptions = {
    **SOCIETIES_AND_SESSIONS,
    **PEOPLE,
    InvoiceCreated: InBulk(copy_invoices),
    InvoiceChanged: InBulk(copy_invoices),
    InvoiceCancelled: InBulk(copy_invoices),
}
