"""The books 帳簿: double entry, append-only. Every yen that comes in or is taken back is posted here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.payments.models import EntryRow, PostingRow
from shared.errors import N_
from shared.uow import UnitOfWork

PAYERS = "payers"  # what we owe to payers until billing applies it: received for billing
UNIDENTIFIED = "suspense:unidentified"
BANK = "bank"
PAGE = 1000  # entries of the journal at a time

ACCOUNTS = {
    BANK: N_("Bank deposits"),
    "cash": N_("Cash"),
    "postal": N_("Postal account"),
    "other": N_("Other money received"),
    "clearing:card": N_("Owed by the provider: cards"),
    "clearing:konbini": N_("Owed by the provider: convenience stores"),
    PAYERS: N_("Received from payers"),
    UNIDENTIFIED: N_("Unidentified deposits"),
}
_OF_METHOD = {
    "card": "clearing:card",
    "konbini": "clearing:konbini",
    "bank_transfer": BANK,
    "cash": "cash",
    "postal": "postal",
    "other": "other",
}
KINDS = {
    "payment": N_("Payment"),
    "reversal": N_("Payment reversed"),
    "deposit": N_("Deposit, unidentified"),
    "assignment": N_("Deposit assigned"),
    "deposit_reversal": N_("Deposit taken back by the bank"),
}


@dataclass(frozen=True)
class Balance:
    """One line of the trial balance 試算表: sums of both sides, yen."""

    account: str
    debit: int
    credit: int

    @property
    def balance(self) -> int:
        return self.debit - self.credit


def account_of(method: str) -> str:
    """The account that money of a method comes to."""
    return _OF_METHOD[method]


def post(
    uow: UnitOfWork,
    kind: str,
    subject: str,
    moves: Sequence[tuple[str, str, int]],
    *,
    value_on: date,
    payment_id: str | None = None,
    memo: str = "",
) -> EntryRow:
    """Write one journal entry: (debit, credit, yen) each. Raises KeyError for an account that the books do not have."""
    for debit, credit, _ in moves:
        _ = ACCOUNTS[debit], ACCOUNTS[credit]
    entry = EntryRow(
        booked_on=uow.today,
        value_on=value_on,
        booked_at=uow.now,
        kind=kind,
        subject=subject,
        payment_id=payment_id,
        memo=memo,
        booked_by=uow.actor.name,
    )
    entry.postings = [PostingRow(debit=debit, credit=credit, amount=amount) for debit, credit, amount in moves]
    return uow.add(entry)


def trial_balance(uow: UnitOfWork) -> list[Balance]:
    """Every account with its sums, in the order of the books. The balances add up to zero."""
    debits = _sums(uow, PostingRow.debit)
    credits = _sums(uow, PostingRow.credit)
    return [Balance(account, debits.get(account, 0), credits.get(account, 0)) for account in ACCOUNTS]


def journal(uow: UnitOfWork, first: date, last: date, *, limit: int = PAGE, offset: int = 0) -> Sequence[EntryRow]:
    """The journal 仕訳帳 of the days from `first` to `last`, in the order of booking."""
    statement = (
        sa.select(EntryRow)
        .where(EntryRow.booked_on >= first, EntryRow.booked_on <= last)
        .order_by(EntryRow.booked_on, EntryRow.id)
        .limit(limit)
        .offset(offset)
    )
    return uow.session.scalars(statement).all()


def entries_of(uow: UnitOfWork, payment_id: str) -> Sequence[EntryRow]:
    """All that was ever booked for a payment."""
    return uow.session.scalars(sa.select(EntryRow).where(EntryRow.payment_id == payment_id).order_by(EntryRow.id)).all()


def _sums(uow: UnitOfWork, side: sa.orm.InstrumentedAttribute[str]) -> dict[str, int]:
    rows = uow.session.execute(sa.select(side, sa.func.sum(PostingRow.amount)).select_from(PostingRow).group_by(side))
    return {account: int(total) for account, total in rows}
