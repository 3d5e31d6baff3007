"""The tables of billing. Money is whole yen; every table belongs to one society."""

from __future__ import annotations

from services.billing.models.base import Base
from services.billing.models.fees import FeeRow
from services.billing.models.invoices import InvoiceKind, InvoiceRow, InvoiceState
from services.billing.models.money import AllocationRow, CreditRow, PaymentRow
from services.billing.models.papers import ReceiptRow, SequenceRow
from services.billing.models.runs import Outcome, Reason, RunResultRow, RunRow, RunState

__all__ = [
    "AllocationRow",
    "Base",
    "CreditRow",
    "FeeRow",
    "InvoiceKind",
    "InvoiceRow",
    "InvoiceState",
    "Outcome",
    "PaymentRow",
    "Reason",
    "ReceiptRow",
    "RunResultRow",
    "RunRow",
    "RunState",
    "SequenceRow",
]
