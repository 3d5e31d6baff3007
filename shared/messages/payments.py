"""What payments says. Amounts are yen; people are ids."""

from __future__ import annotations

from datetime import date, datetime

from shared.messages.base import Fact, Message


class Instructions(Fact):
    """How to pay one request, for the payer's eyes: which of the fields are set depends on the method."""

    method: str  # card | konbini | bank_transfer
    amount: int
    pay_until: datetime
    chain: str | None = None  # konbini: familymart | lawson | seven_eleven | ministop | seicomart
    konbini_number: str | None = None
    confirmation_number: str | None = None
    bank_name: str | None = None
    branch_name: str | None = None
    account_type: str | None = None
    account_number: str | None = None
    account_holder: str | None = None
    slip_url: str | None = None


class InstructionsIssued(Message, tag="payments.InstructionsIssued.v1"):
    """The payer chose a method that is paid elsewhere (store, bank); the number or account is ready."""

    request_id: str
    invoice_id: str
    payer_id: str
    instructions: Instructions


class RequestExpired(Message, tag="payments.RequestExpired.v1"):
    """A request to pay ran out unpaid; the payer may choose a method again."""

    request_id: str
    invoice_id: str
    payer_id: str
    method: str
    expired_at: datetime


class Payment(Fact):
    """Money that came in."""

    id: str
    revision: int
    amount: int
    method: str  # card | konbini | bank_transfer | cash | postal | other
    received_on: date  # value date 起算日: decides whether it was in time
    received_at: datetime
    invoice_id: str | None = None  # what the payer paid; None for money given to a payer without an invoice
    payer_id: str | None = None
    request_id: str | None = None
    provider: str | None = None
    provider_number: str | None = None  # the provider's number 決済番号


class PaymentReceived(Message, tag="payments.PaymentReceived.v1"):
    """Money came in and is booked. Once per payment."""

    payment: Payment


class PaymentReversed(Message, tag="payments.PaymentReversed.v1"):
    """A payment was reversed in the books (deleted by staff 入金履歴削除, bank cancel record, chargeback)."""

    payment: Payment
    reason: str


class DepositUnidentified(Message, tag="payments.DepositUnidentified.v1"):
    """A deposit could not be matched and waits in the unidentified queue 不明入金."""

    deposit_id: str
    amount: int
    value_date: date
