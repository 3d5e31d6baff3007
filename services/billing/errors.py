"""What billing refuses, and why."""

from __future__ import annotations

from shared.errors import N_, Kind, TsudoiError


class RunNotPlanned(TsudoiError):
    """Also the second of two people who start the same run at once (E2)."""

    kind = Kind.CONFLICT
    text = N_("This run was started already. Please look at its current state.")


class RunNotCreated(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Only a run whose invoices are complete and not yet confirmed can be confirmed.")


class RunBusy(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This run is being worked on just now. Please wait until that is done.")


class RunOver(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This run was cancelled.")


class RunIsPaid(TsudoiError):
    """`faults` name the first invoices that block (B7)."""

    kind = Kind.CONFLICT
    text = N_("%(count)s invoices of this run have payments. Delete these payments first, then cancel the run.")


class RunAsksNobody(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("These conditions leave everybody out: there is nothing to create.")


class FeesMissing(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("No fees are set for fiscal year %(year)s. Set them first.")


class FeeDoubled(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("There is already a fee for category %(category)s in fiscal year %(year)s.")


class InvoicesNotCancellable(TsudoiError):
    """`faults` name each invoice that blocks, and why (B7)."""

    kind = Kind.CONFLICT
    text = N_("Nothing was cancelled, since some of the invoices cannot be.")


class InvoiceNotIssued(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This invoice is a draft: it exists for the member only after it is confirmed.")


class InvoiceAlreadyPaid(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("Nothing is due on this invoice.")


class NoCredit(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This payer has no credit.")


class ReceiptVoid(TsudoiError):
    kind = Kind.GONE
    text = N_("This receipt is void, since its payment was taken back.")


class PayerUnknown(TsudoiError):
    text = N_("This payment names neither an invoice nor a payer.")
