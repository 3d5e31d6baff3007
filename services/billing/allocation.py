"""Applying payments to invoices 入金消込, and taking them back, in a ledger that only grows (B13, B10).

What an invoice can't take stays the payer's credit. Every use-case here is the same done twice as once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import sqlalchemy as sa

from services.billing import credit, receipts
from services.billing.errors import InvoiceAlreadyPaid, InvoiceNotIssued, NoCredit, PayerUnknown
from services.billing.models import AllocationRow, InvoiceRow, InvoiceState, PaymentRow
from shared import audit
from shared.errors import NotYet
from shared.messages.billing import InvoiceChanged, InvoicePaid
from shared.people import ids_of
from shared.uow import UnitOfWork


def receive_payment(
    uow: UnitOfWork,
    id: str,
    *,
    amount: int,
    method: str,
    received_on: date,
    received_at: datetime,
    invoice_id: str | None,
    payer_id: str | None,
    provider_number: str | None = None,
) -> None:
    """Book money that came in and apply it to the invoice that it was meant for; the rest is credit.

    Raises NotYet for an invoice that has not become payable here, PayerUnknown if nobody is named."""
    if _payment(uow, id):
        return
    meant = _issued_invoice(uow, invoice_id) if invoice_id else None
    payer = meant.payer_id if meant else payer_id
    if payer is None:
        raise PayerUnknown
    account = credit.lock_account(uow, payer)
    if _payment(uow, id):  # the same news came twice at once
        return
    payment = PaymentRow(
        id=id,
        payer_id=payer,
        invoice_id=invoice_id,
        amount=amount,
        method=method,
        received_on=received_on,
        provider_number=provider_number,
        received_at=received_at,
    )
    uow.add(payment)
    if meant:
        _apply(uow, payment, amount, uow.get(InvoiceRow, meant.id, lock=True), "received")
    credit.settle(uow, account)


def reverse_payment(uow: UnitOfWork, id: str, *, reason: str) -> None:
    """A payment was taken back: release all that it was applied to; receipts for it become void. Raises NotYet."""
    known = _payment(uow, id)
    if known is None:
        raise NotYet
    account = credit.lock_account(uow, known.payer_id)
    payment = uow.get(PaymentRow, id, lock=True)
    if payment.state == "reversed":
        return
    payment.state = "reversed"
    for invoice in _invoices(uow, AllocationRow.payment_id == id):
        release(uow, invoice, cause="payment_reversed", payment_id=id)
    credit.settle(uow, account)
    audit.record(uow, "reverse-payment", f"payment/{id}", after={"reason": reason, "amount": payment.amount})


def use_credit(uow: UnitOfWork, invoice_id: str) -> int:
    """Pay an invoice from its payer's credit, as far as it goes. Returns yen used.

    Raises NoCredit, InvoiceNotIssued or InvoiceAlreadyPaid."""
    payers = sorted(ids_of(uow, uow.get(InvoiceRow, invoice_id).payer_id))
    accounts = [credit.lock_account(uow, payer) for payer in payers]
    invoice = uow.get(InvoiceRow, invoice_id, lock=True)
    if not invoice.is_issued:
        raise InvoiceNotIssued
    if not invoice.due:
        raise InvoiceAlreadyPaid
    if not any(account.balance for account in accounts):
        raise NoCredit
    due = invoice.due
    for payment, left in credit.unused_payments(uow, payers):
        _apply(uow, payment, left, invoice, "credit_used")
    for account in accounts:
        credit.settle(uow, account)
    audit.record(uow, "use-credit", f"invoice/{invoice.id}", after={"amount": due - invoice.due})
    return due - invoice.due


def release(uow: UnitOfWork, invoice: InvoiceRow, *, cause: str, payment_id: str | None = None) -> None:
    """Take back what counts for an invoice (of one payment, or of all) by entries of the opposite sign.

    Call with account and invoice locked, and settle the account afterwards."""
    net = sa.func.sum(AllocationRow.amount)
    statement = (
        sa.select(AllocationRow.payment_id, net)
        .where(AllocationRow.invoice_id == invoice.id)
        .group_by(AllocationRow.payment_id)
        .having(net > 0)
    )
    for payment, amount in uow.session.execute(statement).all():
        if payment_id in (None, payment):
            _enter(uow, payment, invoice, -int(amount), cause)


def _apply(uow: UnitOfWork, payment: PaymentRow, amount: int, invoice: InvoiceRow, cause: str) -> None:
    """As much as the invoice can take; a cancelled or paid one takes nothing."""
    taken = min(amount, invoice.due)
    if taken <= 0:
        return
    _enter(uow, payment.id, invoice, taken, cause)
    if invoice.state == InvoiceState.PAID:
        receipts.issue_receipt(uow, invoice, completed_by=payment.id)
        uow.say(InvoicePaid(invoice=invoice.public(), paid_on=payment.received_on))


def _enter(uow: UnitOfWork, payment_id: str, invoice: InvoiceRow, amount: int, cause: str) -> None:
    uow.add(AllocationRow(payment_id=payment_id, invoice_id=invoice.id, amount=amount, cause=cause, at=uow.now))
    was_paid = invoice.state == InvoiceState.PAID
    invoice.paid += amount
    invoice.state = invoice.state_by_allocations()
    invoice.revision += 1
    uow.session.flush()
    uow.say(InvoiceChanged(invoice=invoice.public()))
    if was_paid and invoice.state != InvoiceState.PAID:
        receipts.void_receipt(uow, invoice)


def _payment(uow: UnitOfWork, id: str) -> PaymentRow | None:
    return uow.session.scalars(sa.select(PaymentRow).where(PaymentRow.id == id)).one_or_none()


def _issued_invoice(uow: UnitOfWork, id: str) -> InvoiceRow:
    invoice = uow.session.scalars(sa.select(InvoiceRow).where(InvoiceRow.id == id)).one_or_none()
    if invoice is None or not invoice.is_issued:
        raise NotYet
    return invoice


def _invoices(uow: UnitOfWork, allocated: sa.ColumnElement[bool]) -> Iterable[InvoiceRow]:
    """Invoices with such an allocation, locked, in the order of their ids."""
    ids = sa.select(AllocationRow.invoice_id).where(allocated)
    statement = sa.select(InvoiceRow).where(InvoiceRow.id.in_(ids)).order_by(InvoiceRow.id).with_for_update()
    return uow.session.scalars(statement.execution_options(populate_existing=True)).all()
