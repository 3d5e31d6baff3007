"""Payments 入金: recording money that came in, and taking a payment back (a reversal in the books)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.payments import ledger
from services.payments.errors import MemoNeeded, PaymentAlreadyReversed
from services.payments.models import DepositRow, PaymentRow, RequestRow, ReversalRow
from services.payments.requests import settle
from shared import audit
from shared.ids import new_id
from shared.messages.payments import PaymentReceived, PaymentReversed
from shared.people import PersonRow
from shared.uow import UnitOfWork


def record_payment(
    uow: UnitOfWork, payment: PaymentRow, *, request: RequestRow | None, debit: str | None = None
) -> PaymentRow:
    """Book money and say so (PaymentReceived). `debit`: where it comes from if not from the method's own account."""
    payment.id = payment.id or new_id()
    payment.received_at = uow.now
    payment.recorded_by = uow.actor.name
    if request is not None:
        payment.request_id = request.id
        settle(request, payment.amount)
    uow.add(payment)
    ledger.post(
        uow,
        "assignment" if debit else "payment",
        f"payment/{payment.id}",
        [(debit or ledger.account_of(payment.method), ledger.PAYERS, payment.amount)],
        value_on=payment.received_on,
        payment_id=payment.id,
        memo=payment.memo,
    )
    uow.say(PaymentReceived(payment=payment.public()))
    return payment


def reverse_payment(uow: UnitOfWork, payment_id: str, memo: str, *, by_bank: bool = False) -> PaymentRow:
    """Take a payment back 入金履歴削除 and say so (PaymentReversed): billing frees the invoice.

    A deposit's money stays with the bank: it waits in the queue again, unless the bank took it back (`by_bank`).
    Raises MemoNeeded, PaymentAlreadyReversed, NotFound."""
    memo = memo.strip()
    if not memo:
        raise MemoNeeded
    deposit_id = uow.get(PaymentRow, payment_id).deposit_id
    deposit = uow.get(DepositRow, deposit_id, lock=True) if deposit_id else None
    payment = uow.get(PaymentRow, payment_id, lock=True)
    if payment.is_reversed:
        raise PaymentAlreadyReversed
    uow.add(ReversalRow(payment=payment, memo=memo, reversed_at=uow.now, reversed_by=uow.actor.name))
    credit = ledger.account_of(payment.method)
    if deposit is not None:
        credit = ledger.BANK if by_bank else ledger.UNIDENTIFIED
        deposit.state = "reversed" if by_bank else "unidentified"
    ledger.post(
        uow,
        "reversal",
        f"payment/{payment.id}",
        [(ledger.PAYERS, credit, payment.amount)],
        value_on=uow.today,
        payment_id=payment.id,
        memo=memo,
    )
    audit.record(uow, "reverse-payment", f"payment/{payment.id}", after={"amount": payment.amount, "memo": memo})
    uow.say(PaymentReversed(payment=payment.public(), reason=memo))
    return payment


@dataclass(frozen=True, kw_only=True)
class PaymentSearch:
    """Which payments to show; everything empty: all."""

    text: str = ""  # name, kana, member number, PSP number, invoice number
    method: str = ""
    since: date | None = None
    until: date | None = None
    state: str = ""  # received | reversed | late
    invoice_id: str | None = None


def find_payments(uow: UnitOfWork, search: PaymentSearch, *, limit: int = 50, offset: int = 0) -> Sequence[PaymentRow]:
    """Newest first."""
    ordered = matching(search).order_by(PaymentRow.received_on.desc(), PaymentRow.id.desc())
    return uow.session.scalars(ordered.limit(limit).offset(offset)).all()


def sum_payments(uow: UnitOfWork, search: PaymentSearch) -> tuple[int, int]:
    """(how many, yen without what was reversed) of a search."""
    found = matching(search).with_only_columns(PaymentRow.id).subquery()
    kept = sa.case((ReversalRow.id.is_(None), PaymentRow.amount), else_=0)
    statement = (
        sa.select(sa.func.count(PaymentRow.id), sa.func.coalesce(sa.func.sum(kept), 0))
        .outerjoin(ReversalRow, ReversalRow.payment_id == PaymentRow.id)
        .where(PaymentRow.id.in_(sa.select(found.c.id)))
    )
    count, total = uow.session.execute(statement).one()
    return int(count), int(total)


def matching(search: PaymentSearch) -> sa.Select[PaymentRow]:
    """The payments of a search, in no order."""
    statement = sa.select(PaymentRow)
    if search.method:
        statement = statement.where(PaymentRow.method == search.method)
    if search.since:
        statement = statement.where(PaymentRow.received_on >= search.since)
    if search.until:
        statement = statement.where(PaymentRow.received_on <= search.until)
    if search.invoice_id:
        statement = statement.where(PaymentRow.invoice_id == search.invoice_id)
    reversed_ones = sa.select(ReversalRow.payment_id)
    if search.state == "reversed":
        statement = statement.where(PaymentRow.id.in_(reversed_ones))
    elif search.state == "received":
        statement = statement.where(PaymentRow.id.not_in(reversed_ones))
    elif search.state == "late":
        statement = statement.where(PaymentRow.late)
    if text := search.text.strip():
        statement = statement.where(_mentions(text))
    return statement


def _mentions(text: str) -> sa.ColumnElement[bool]:
    people = sa.select(PersonRow.id).where(
        sa.or_(
            PersonRow.number == text,
            *(column.contains(text, autoescape=True) for column in (PersonRow.name, PersonRow.kana, PersonRow.roman)),
        )
    )
    requests = sa.select(RequestRow.invoice_id).where(RequestRow.invoice_number == text)
    return sa.or_(
        PaymentRow.payer_id.in_(people),
        PaymentRow.invoice_id.in_(requests),
        PaymentRow.provider_number == text,
        PaymentRow.memo.contains(text, autoescape=True),
    )
