"""What a provider knows of a charge becomes the state of our attempt: by rank, so that the order of its notices does
not matter, and money is taken up whenever it comes."""

from __future__ import annotations

from datetime import date

import msgspec
import sqlalchemy as sa
import structlog

from services.payments.attempts import say_expired
from services.payments.card_locks import LOCKING, lock_cards
from services.payments.models import AccountRow, AttemptRow, PaymentRow, RequestRow
from services.payments.payments import record_payment
from services.payments.providers.port import Charge
from shared.errors import NotFound
from shared.messages.payments import Instructions, InstructionsIssued
from shared.uow import UnitOfWork

log = structlog.get_logger()

# an end is an end, whoever came to it first (we void what ran out here); only money comes after it
RANK = {"starting": 0, "waiting": 1, "authorising": 2, "expired": 3, "cancelled": 3, "failed": 3, "paid": 4}
CURRENCY = "JPY"


class Contradiction(Exception):
    """The provider says something that cannot be true by our books: staff must look (D6)."""


def lock_attempt(uow: UnitOfWork, attempt_id: str) -> AttemptRow:
    """The attempt with its request locked before it: everybody locks in this order. Raises NotFound."""
    found = lock_attempt_where(uow, AttemptRow.id == attempt_id)
    if found is None:
        raise NotFound
    return found


def lock_attempt_where(uow: UnitOfWork, condition: sa.ColumnElement[bool]) -> AttemptRow | None:
    """The same for the first attempt that fits, in two round trips."""
    first = sa.select(AttemptRow.request_id).where(condition).order_by(AttemptRow.id).limit(1).scalar_subquery()
    newest = {"populate_existing": True}
    locked = sa.select(RequestRow).where(RequestRow.id == first).with_for_update()
    request = uow.session.scalars(locked, execution_options=newest).one_or_none()
    if request is None:
        return None
    fitting = sa.select(AttemptRow).where(condition, AttemptRow.request_id == request.id).order_by(AttemptRow.id)
    attempt = uow.session.scalars(fitting.limit(1).with_for_update(), execution_options=newest).one_or_none()
    if attempt is not None:
        _ = attempt.request  # found in the session, and kept there: nobody reads it again
    return attempt


def apply_charge(uow: UnitOfWork, attempt: AttemptRow, charge: Charge) -> bool:
    """Bring a locked attempt to what the provider knows. False: nothing changed (known, or out of order).

    Raises Contradiction for another amount, currency, society or reference than ours."""
    _check(uow, attempt, charge)
    changed = _note_answer(uow, attempt, charge)
    changed |= _note_scan(attempt, charge)
    changed |= _note_failure(uow, attempt, charge)
    if RANK[charge.state] <= RANK[attempt.state]:
        if not changed and charge.state != attempt.state:
            log.info("out of order, ignored", attempt=attempt.id, state=attempt.state, told=charge.state)
        return changed
    before, attempt.state = attempt.state, charge.state
    if charge.state in ("paid", "failed", "expired", "cancelled"):
        attempt.ended_at = uow.now
        if not attempt.void:
            attempt.next_ask_at = None
    if charge.state == "paid":
        _take_money(uow, attempt, charge, before)
    elif charge.state == "expired":
        say_expired(uow, attempt)
    return True


def _check(uow: UnitOfWork, attempt: AttemptRow, charge: Charge) -> None:
    if charge.currency != CURRENCY:
        raise Contradiction(f"currency {charge.currency}, ours {CURRENCY}")
    # a bank transfer may bring any amount; it is counted from the bank's file, not from here
    if charge.amount != attempt.amount and attempt.method != "bank_transfer":
        raise Contradiction(f"amount {charge.amount}, ours {attempt.amount}")
    if charge.merchant != uow.society_id:
        raise Contradiction("another society's charge")
    if attempt.reference is not None and attempt.reference != charge.reference:
        raise Contradiction(f"reference {charge.reference}, ours {attempt.reference}")
    if charge.state not in RANK:
        raise Contradiction(f"unknown state {charge.state}")
    if charge.state == "paid" and attempt.method == "bank_transfer":
        raise Contradiction("bank transfers are booked from the bank's file")


def _note_answer(uow: UnitOfWork, attempt: AttemptRow, charge: Charge) -> bool:
    """The first word of the provider: its number, where the payer goes, what the payer needs."""
    if attempt.reference is not None:
        return False
    attempt.reference = charge.reference
    attempt.redirect_url = charge.redirect_url
    if charge.instructions:
        told = {
            **charge.instructions,
            "method": attempt.method,
            "amount": attempt.amount,
            "pay_until": attempt.pay_until,
        }
        instructions = msgspec.convert(told, Instructions)
        attempt.instructions = msgspec.to_builtins(instructions)
        if number := charge.instructions.get("account_number"):
            branch, bank = charge.instructions.get("branch_code", ""), charge.instructions.get("bank_code", "")
            uow.add(AccountRow(bank=bank, number=f"{branch}{number}", attempt_id=attempt.id, created_at=uow.now))
            attempt.instructions = {**attempt.instructions, "bank_code": bank, "branch_code": branch}
        if attempt.is_live:
            uow.say(
                InstructionsIssued(
                    request_id=attempt.request_id,
                    invoice_id=attempt.invoice_id,
                    payer_id=attempt.payer_id,
                    instructions=instructions,
                )
            )
    return True


def _note_scan(attempt: AttemptRow, charge: Charge) -> bool:
    """A store's preliminary notice 速報 and its withdrawal 速報取消: the later word counts, whenever it arrives."""
    if attempt.provisional_as_of is not None and charge.as_of <= attempt.provisional_as_of:
        return False
    changed = attempt.provisional != charge.provisional
    attempt.provisional, attempt.provisional_as_of = charge.provisional, charge.as_of
    return changed


def _note_failure(uow: UnitOfWork, attempt: AttemptRow, charge: Charge) -> bool:
    """A failed identity check locks cards, also on a page that we had closed already."""
    if charge.state != "failed" or attempt.failure is not None:
        return False
    attempt.failure = charge.failure or "declined"
    if charge.failure in LOCKING:
        lock_cards(uow, attempt)
    return True


def _take_money(uow: UnitOfWork, attempt: AttemptRow, charge: Charge, before: str) -> None:
    attempt.provisional = False
    attempt.void = False
    request = attempt.request
    paid_at = charge.paid_at or charge.as_of
    received_on: date = paid_at.astimezone(uow.zone).date()
    record_payment(
        uow,
        PaymentRow(
            amount=charge.amount,
            method=attempt.method,
            received_on=received_on,
            invoice_id=attempt.invoice_id,
            payer_id=attempt.payer_id,
            attempt_id=attempt.id,
            provider=attempt.provider,
            provider_number=charge.reference,
            late=paid_at > attempt.pay_until or request.state != "open" or before in ("expired", "cancelled"),
        ),
        request=request,
    )
