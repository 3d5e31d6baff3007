"""Offline payments recorded by staff (P15): cash, bank, postal; one, or spread over several invoices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.payments.errors import AmountNeeded, DateAhead, MethodNotOffered, PayerUnknown
from services.payments.models import LIVE, AttemptRow, PaymentRow
from services.payments.payments import record_payment
from services.payments.requests import lock_requests
from shared import audit
from shared.errors import N_
from shared.people import PersonRow
from shared.uow import UnitOfWork

OFFLINE_METHODS = {
    "bank_transfer": N_("Bank transfer"),
    "cash": N_("Cash"),
    "postal": N_("Postal transfer"),
    "other": N_("Other"),
}


@dataclass(frozen=True)
class Part:
    """How much of the money is for what: an invoice, or (without one) the payer's credit. Yen."""

    amount: int
    invoice_id: str | None = None
    payer_id: str | None = None


def record_offline(
    uow: UnitOfWork,
    *,
    method: str,
    received_on: date,
    parts: Sequence[Part],
    memo: str = "",
    number: str | None = None,
    entry_key: str | None = None,
) -> list[PaymentRow]:
    """Book money that staff received. More than due is accepted: billing keeps it as the payer's credit.

    `number`: the PSP's or bank's number of it; `entry_key`: of the form, so that sending it twice counts once.
    Raises NotFound, PayerUnknown, AmountNeeded, MethodNotOffered, DateAhead."""
    if method not in OFFLINE_METHODS:
        raise MethodNotOffered
    if received_on > uow.today:
        raise DateAhead
    if not parts or any(part.amount <= 0 for part in parts):
        raise AmountNeeded
    if entry_key and (known := _entered_before(uow, entry_key)):
        return known
    requests = lock_requests(uow, [part.invoice_id for part in parts if part.invoice_id])
    payments = []
    for place, part in enumerate(sorted(parts, key=lambda part: part.invoice_id or "")):
        request = requests[part.invoice_id] if part.invoice_id else None
        payer_id = request.payer_id if request else part.payer_id
        if request is None and (payer_id is None or uow.session.get(PersonRow, payer_id) is None):
            raise PayerUnknown
        row = PaymentRow(
            amount=part.amount,
            method=method,
            received_on=received_on,
            invoice_id=part.invoice_id,
            payer_id=payer_id,
            provider_number=number or None,
            memo=memo.strip(),
            entry_key=f"{entry_key}/{place}" if entry_key else None,
            late=request is not None and request.state != "open",
        )
        payments.append(record_payment(uow, row, request=request))
        if request is not None and request.state == "paid":
            _stop_attempts(uow, request.id)
    audit.record(
        uow,
        "record-offline-payment",
        f"payment/{payments[0].id}",
        after={
            "method": method,
            "amount": sum(part.amount for part in parts),
            "invoices": len(parts),
            "number": number,
        },
    )
    return payments


def _entered_before(uow: UnitOfWork, entry_key: str) -> list[PaymentRow]:
    """Waits for whoever is entering it just now (SQLite has one writer at a time anyway)."""
    if uow.session.connection().dialect.name == "postgresql":
        key = {"key": f"offline payment {uow.society_id} {entry_key}"}
        uow.session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
    statement = sa.select(PaymentRow).where(PaymentRow.entry_key.startswith(f"{entry_key}/", autoescape=True))
    return list(uow.session.scalars(statement.order_by(PaymentRow.id)))


def _stop_attempts(uow: UnitOfWork, request_id: str) -> None:
    """Nobody shall pay online what the office has in hand."""
    statement = sa.select(AttemptRow).where(AttemptRow.request_id == request_id, AttemptRow.state.in_(LIVE))
    for attempt in uow.session.scalars(statement.with_for_update()):
        attempt.state, attempt.ended_at, attempt.void, attempt.next_ask_at = "cancelled", uow.now, True, uow.now
