"""What the entries of billing's audit trail 操作ログ are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from services.billing.labels import RUNS, TAX_CLASSES
from services.billing.models import FeeRow, InvoiceRow, RunRow
from shared.audit.words import Subject, Trail
from shared.errors import N_
from shared.web.filters import yen

YEN = ("annual_fee", "admission_fee", "amount", "total")


def _word(name: str, value: Any) -> Any:
    if name in YEN:
        return yen(value)
    if name == "tax_class":
        return _(TAX_CLASSES.get(value, value))
    if name == "state" and value in RUNS:
        return _(RUNS[value].text)
    return value


TRAIL = Trail(
    actions={
        "set-fee": N_("Set a fee"),
        "change-fee": N_("Changed a fee"),
        "remove-fee": N_("Removed a fee"),
        "plan-run": N_("Set the conditions of a billing run"),
        "start-run": N_("Started a billing run"),
        "confirm-run": N_("Confirmed a billing run"),
        "cancel-run": N_("Cancelled a billing run"),
        "go-on-with-run": N_("Started a billing run again that had stopped"),
        "cancel-invoice": N_("Cancelled an invoice"),
        "adopt-invoices": N_("Took over invoices after a restore"),
        "reverse-payment": N_("Took a payment back"),
        "use-credit": N_("Applied credit to an invoice"),
        "forget-addressees": N_("Took the addressees off documents whose time was over"),
    },
    subjects={
        "invoice": Subject(N_("Invoice"), "/billing/console/invoices/{id}", (InvoiceRow.id, InvoiceRow.number)),
        "run": Subject(N_("Billing run"), "/billing/console/runs/{id}", (RunRow.id, RunRow.name)),
        "fee": Subject(N_("Fee"), named=(FeeRow.id, FeeRow.title)),
        "payment": Subject(N_("Payment"), "/payments/console/payments/{id}"),
        "restore": Subject(N_("Restore")),
        "invoices": Subject(N_("Invoice")),
        "receipts": Subject(N_("Receipts")),
    },
    fields={
        "category": N_("Category"),
        "fiscal_year": N_("Fiscal year"),
        "annual_fee": N_("Annual fee"),
        "admission_fee": N_("Admission fee"),
        "tax_class": N_("Tax class"),
        "title": N_("Line on the invoice"),
        "title_en": N_("In English"),
        "name": N_("Name"),
        "charge_start": N_("Charge start month"),
        "due_on": N_("Payment due"),
        "excluded_categories": N_("Categories left out"),
        "include_on_leave": N_("Members on leave"),
        "issued_on": N_("Date of issue"),
        "total": N_("Total"),
        "number": N_("Invoice No."),
        "numbers": N_("Invoice No."),
        "amount": N_("Amount"),
    },
    word=_word,
)
