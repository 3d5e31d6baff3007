"""The words for states, kinds and reasons as staff and members see them."""

from __future__ import annotations

from collections.abc import Mapping

from services.billing.models import InvoiceKind, InvoiceState, Outcome, Reason, RunState
from shared.errors import N_
from shared.money import TaxClass
from shared.web.badges import Badge

INVOICES: Mapping[str, Badge] = {
    InvoiceState.DRAFT: Badge(N_("Draft"), "neutral", "pencil-line"),
    InvoiceState.UNPAID: Badge(N_("Unpaid"), "info", "clock"),
    InvoiceState.PART_PAID: Badge(N_("Partly paid"), "warn", "circle-dot"),
    InvoiceState.PAID: Badge(N_("Paid"), "good", "check"),
    InvoiceState.NOTHING_DUE: Badge(N_("No payment needed"), "neutral", "minus"),
    InvoiceState.CANCELLED: Badge(N_("Cancelled"), "neutral", "ban"),
}
RUNS: Mapping[str, Badge] = {
    RunState.PLANNED: Badge(N_("Conditions set"), "neutral", "pencil-line"),
    RunState.CREATING: Badge(N_("Being created"), "info", "loader"),
    RunState.CREATED: Badge(N_("To be confirmed"), "warn", "clipboard-check"),
    RunState.CONFIRMING: Badge(N_("Being confirmed"), "info", "loader"),
    RunState.CONFIRMED: Badge(N_("Confirmed"), "good", "check"),
    RunState.CANCELLING: Badge(N_("Being cancelled"), "info", "loader"),
    RunState.CANCELLED: Badge(N_("Cancelled"), "neutral", "ban"),
}
OUTCOMES: Mapping[str, Badge] = {
    Outcome.INVOICED: Badge(N_("Invoiced"), "good", "check"),
    Outcome.NOTHING_DUE: Badge(N_("No payment needed"), "neutral", "minus"),
    Outcome.LEFT_OUT: Badge(N_("Left out"), "warn", "user-minus"),
}
REASONS: Mapping[str, str] = {
    Reason.NOT_ADMITTED: N_("Not admitted yet"),
    Reason.ON_LEAVE: N_("On leave"),
    Reason.LEFT: N_("Left, expelled or application withdrawn"),
    Reason.LEAVES_BEFORE: N_("Leaves before the charge start month"),
    Reason.NO_CATEGORY: N_("Has no category"),
    Reason.EXCLUDED: N_("Category excluded in the conditions"),
    Reason.NO_FEE: N_("No fee is set for the category"),
    Reason.HAS_INVOICE: N_("Has an annual invoice for this year already"),
}
KINDS: Mapping[str, str] = {
    InvoiceKind.ANNUAL: N_("Annual dues"),
    InvoiceKind.ADMISSION: N_("Admission"),
    InvoiceKind.ONE_OFF: N_("One-off"),
    InvoiceKind.EVENT: N_("Event"),
}
CAUSES: Mapping[str, str] = {
    "received": N_("Payment applied"),
    "credit_used": N_("Applied from credit"),
    "payment_reversed": N_("Payment taken back"),
    "invoice_cancelled": N_("Invoice cancelled: became credit"),
}
TAX_CLASSES: Mapping[str, str] = {
    TaxClass.OUT_OF_SCOPE: N_("Outside the scope of tax"),
    TaxClass.STANDARD: N_("Taxable 10 %"),
    TaxClass.REDUCED: N_("Taxable 8 % (reduced)"),
    TaxClass.EXEMPT: N_("Tax-exempt"),
    TaxClass.EXPORT: N_("Export (0 %)"),
}
