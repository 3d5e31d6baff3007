"""What the entries of payments' audit trail 操作ログ are called."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from services.payments.models import BankFileRow
from services.payments.pages.console_payments import ALL_METHODS
from shared.audit.words import Subject, Trail
from shared.errors import N_
from shared.web.filters import yen


def _word(name: str, value: Any) -> Any:
    if name == "method":
        return _(ALL_METHODS.get(value, value))
    return yen(value) if name == "amount" else value


TRAIL = Trail(
    actions={
        "record-offline-payment": N_("Recorded a payment"),
        "reverse-payment": N_("Reversed a payment"),
        "import-bank-file": N_("Imported a bank file"),
        "assign-deposit": N_("Assigned a deposit"),
        "cancel-attempt": N_("Gave up a way to pay"),
    },
    subjects={
        "payment": Subject(N_("Payment"), "/payments/console/payments/{id}"),
        "deposit": Subject(N_("Deposit"), "/payments/console/deposits/{id}"),
        "bank-file": Subject(N_("Bank file"), "/payments/console/bank-files/{id}", (BankFileRow.id, BankFileRow.name)),
        "attempt": Subject(N_("Way to pay")),
    },
    fields={
        "method": N_("Method"),
        "amount": N_("Amount"),
        "invoices": N_("Invoice"),
        "number": N_("Number at the provider or bank"),
        "memo": N_("Memo"),
        "name": N_("File name"),
        "known": N_("Known already"),
        "matched": N_("Matched"),
        "unidentified": N_("Unidentified"),
        "reversed": N_("Taken back"),
        "invoice": N_("Invoice"),
        "payer": N_("Payer"),
        "payment": N_("Payment"),
    },
    word=_word,
)
