"""The tables of payments and their invariants."""

from __future__ import annotations

from services.payments.models.attempts import LIVE, AccountRow, AttemptRow, CardLockRow
from services.payments.models.base import Base
from services.payments.models.deposits import BankFileRow, DepositRow
from services.payments.models.ledger import EntryRow, PostingRow
from services.payments.models.money import PaymentRow, ReversalRow
from services.payments.models.notices import NoticeRow
from services.payments.models.requests import RequestRow

APPEND_ONLY = ("payments", "reversals", "entries", "postings")

__all__ = [
    "APPEND_ONLY",
    "LIVE",
    "AccountRow",
    "AttemptRow",
    "BankFileRow",
    "Base",
    "CardLockRow",
    "DepositRow",
    "EntryRow",
    "NoticeRow",
    "PaymentRow",
    "PostingRow",
    "RequestRow",
    "ReversalRow",
]
