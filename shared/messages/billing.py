"""What billing says. Amounts are yen including tax; people are ids."""

from __future__ import annotations

from datetime import date, datetime

from shared.messages.base import Fact, Message


class InvoiceLine(Fact):
    title: str
    amount: int
    tax_class: str = "out_of_scope"
    fiscal_year: int | None = None


class Invoice(Fact):
    """An invoice 請求 as the world outside billing sees it."""

    id: str
    revision: int
    number: str
    payer_id: str
    kind: str  # annual | admission | one_off | event
    title: str
    title_en: str
    total: int
    paid: int
    due: int  # what is still to be paid: total - paid, never below zero
    state: str  # unpaid | part_paid | paid | nothing_due | cancelled
    issued_on: date
    due_on: date | None = None
    fiscal_year: int | None = None
    run_id: str | None = None
    registration_id: str | None = None  # of an event, for kind event
    methods: tuple[str, ...] = ()  # allowed methods of payment; empty: all that the society offers
    lines: tuple[InvoiceLine, ...] = ()


class InvoiceCreated(Message, tag="billing.InvoiceCreated.v1"):
    """An invoice became payable. Not sent for drafts. Sent once per invoice; later changes are InvoiceChanged."""

    invoice: Invoice


class InvoiceChanged(Message, tag="billing.InvoiceChanged.v1"):
    """A public field of an issued invoice changed (title, amount, what is paid)."""

    invoice: Invoice


class InvoiceCancelled(Message, tag="billing.InvoiceCancelled.v1"):
    """An issued invoice was cancelled 請求取消: nothing can be paid on it any more."""

    invoice: Invoice


class InvoicePaid(Message, tag="billing.InvoicePaid.v1"):
    """An invoice is paid in full. Said once each time that its state becomes `paid`."""

    invoice: Invoice
    paid_on: date


class ReceiptIssued(Message, tag="billing.ReceiptIssued.v1"):
    """A receipt 領収書 can be downloaded."""

    receipt_id: str
    number: str
    invoice_id: str
    payer_id: str
    amount: int
    issued_on: date
    title: str
    title_en: str
    payment_id: str | None = None


class CreditChanged(Message, tag="billing.CreditChanged.v1"):
    """A payer's credit 過払い (money received and not applied to an invoice) changed to `balance` yen."""

    payer_id: str
    balance: int
    revision: int
    changed_at: datetime
