"""Attempts to pay: the payer chooses a method, may change it while unpaid, and it ends by itself at its deadline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from services.payments.card_locks import hold_card_lock, locked_until
from services.payments.errors import (
    AttemptIsOpen,
    AttemptIsOver,
    CardLocked,
    MethodNotOffered,
    NothingDue,
    PaidAtStore,
    RequestClosed,
    TooMuchForStores,
)
from services.payments.models import LIVE, AttemptRow, RequestRow
from services.payments.requests import request_for
from services.payments.settings import PaymentSettings
from shared import audit
from shared.clock import end_of
from shared.errors import N_
from shared.ids import new_id
from shared.japan.calendar import HolidaysUnknown, add_bank_days
from shared.messages.payments import RequestExpired
from shared.uow import UnitOfWork

STORE_LIMIT = 300_000  # yen a slip (P6)
STORE_DAYS_LIMIT = 60  # counting the day of registration (P6)
CARD_PAGE_OPEN = timedelta(minutes=30)
FIRST_ASK = timedelta(seconds=20)  # a notice that has not come by then may have been lost

METHODS = {
    "card": N_("Credit card"),
    "konbini": N_("Convenience store"),
    "bank_transfer": N_("Bank transfer"),
}
CHAINS = {
    "seven_eleven": N_("Seven-Eleven"),
    "lawson": N_("Lawson"),
    "familymart": N_("FamilyMart"),
    "ministop": N_("Ministop"),
    "seicomart": N_("Seicomart"),
}


@dataclass(frozen=True)
class Choice:
    """One method on the payer's page: offered now, or why not (and until when)."""

    method: str
    pay_until: datetime
    offered: bool = True
    why_not: str | None = None  # store-limit | card-lock
    until: datetime | None = None


def choices(uow: UnitOfWork, request: RequestRow, account_id: str, settings: PaymentSettings) -> list[Choice]:
    """The methods for an invoice that the payer sees, with those that are not possible just now and the reason."""
    found = []
    for method in METHODS:
        if request.methods and method not in request.methods:
            continue
        choice = Choice(method, told_deadline(uow, method, settings))
        if method == "konbini" and request.due > STORE_LIMIT:
            choice = Choice(method, choice.pay_until, False, "store-limit")
        elif method == "card" and (until := locked_until(uow, account_id)):
            choice = Choice(method, choice.pay_until, False, "card-lock", until)
        found.append(choice)
    return found


def start_attempt(
    uow: UnitOfWork,
    invoice_id: str,
    *,
    payer_id: str,
    account_id: str,
    method: str,
    settings: PaymentSettings,
    chain: str | None = None,
    language: str = "ja",
    provider: str = "sandbox",
) -> AttemptRow:
    """Write down that the payer wants to pay in this way; the provider is asked after the commit.

    Raises NotFound, RequestClosed, NothingDue, AttemptIsOpen (P9), MethodNotOffered, TooMuchForStores (P6),
    CardLocked (P3)."""
    request = request_for(uow, invoice_id, payer_id=payer_id, lock=True)
    if request.state == "closed":
        raise RequestClosed
    if request.state != "open" or request.due <= 0:
        raise NothingDue
    if live_attempt(uow, request.id) is not None:
        raise AttemptIsOpen
    if method not in METHODS or (request.methods and method not in request.methods):
        raise MethodNotOffered
    if (method == "konbini") != (chain in CHAINS):
        raise MethodNotOffered
    if method == "konbini" and request.due > STORE_LIMIT:
        raise TooMuchForStores(limit=f"{STORE_LIMIT:,}")
    if method == "card" and (until := hold_card_lock(uow, account_id)):
        seconds = int((until - uow.now).total_seconds()) + 1
        raise CardLocked(until=f"{until.astimezone(uow.zone):%H:%M}", seconds=seconds)
    told = told_deadline(uow, method, settings)
    return uow.add(
        AttemptRow(
            id=new_id(),
            request_id=request.id,
            invoice_id=request.invoice_id,
            payer_id=request.payer_id,
            account_id=account_id,
            method=method,
            chain=chain,
            amount=request.due,
            state="starting",
            provider=provider,
            language=language,
            pay_until=told,
            expires_at=_real_end(uow, method, told, settings),
            next_ask_at=uow.now + FIRST_ASK,
            created_at=uow.now,
        )
    )


def told_deadline(uow: UnitOfWork, method: str, settings: PaymentSettings) -> datetime:
    """Until when the payer is told to pay: 23:59:59 of the last day, or soon for a card page that stands open."""
    if method == "card":
        return uow.now + CARD_PAGE_OPEN
    days = min(settings.konbini_days, STORE_DAYS_LIMIT) if method == "konbini" else settings.transfer_days
    return end_of(uow.today + timedelta(days=days - 1), uow.zone) - timedelta(seconds=1)


def cancel_attempt(uow: UnitOfWork, invoice_id: str, *, payer_id: str) -> AttemptRow:
    """The payer wants another method (P9: free until paid). Raises NotFound, AttemptIsOver, PaidAtStore."""
    request = request_for(uow, invoice_id, payer_id=payer_id, lock=True)
    attempt = live_attempt(uow, request.id, lock=True)
    if attempt is None:
        raise AttemptIsOver
    if attempt.provisional:
        raise PaidAtStore
    attempt.state, attempt.ended_at, attempt.void, attempt.next_ask_at = "cancelled", uow.now, True, uow.now
    audit.record(uow, "cancel-attempt", f"attempt/{attempt.id}", before={"method": attempt.method})
    return attempt


def live_attempt(uow: UnitOfWork, request_id: str, *, lock: bool = False) -> AttemptRow | None:
    """The one attempt that is under way, if any."""
    statement = sa.select(AttemptRow).where(AttemptRow.request_id == request_id, AttemptRow.state.in_(LIVE))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return uow.session.scalars(statement).one_or_none()


def last_attempt(uow: UnitOfWork, request_id: str) -> AttemptRow | None:
    """The newest attempt, whatever became of it."""
    statement = sa.select(AttemptRow).where(AttemptRow.request_id == request_id)
    return uow.session.scalars(
        statement.order_by(AttemptRow.created_at.desc(), AttemptRow.id.desc()).limit(1)
    ).one_or_none()


def attempts_of(uow: UnitOfWork, invoice_id: str) -> Sequence[AttemptRow]:
    """All attempts for an invoice, newest first."""
    statement = sa.select(AttemptRow).where(AttemptRow.invoice_id == invoice_id)
    return uow.session.scalars(statement.order_by(AttemptRow.created_at.desc(), AttemptRow.id.desc())).all()


def expire_attempts(uow: UnitOfWork) -> None:
    """End all attempts whose time is over, and tell the payer where a number or an account ran out.

    Not those that a store has scanned in time: their final notice is only late (D8)."""
    due = sa.select(AttemptRow.id, AttemptRow.request_id).where(
        AttemptRow.state.in_(LIVE), AttemptRow.expires_at <= uow.now, AttemptRow.provisional.is_(False)
    )
    for attempt_id, request_id in uow.session.execute(due.order_by(AttemptRow.request_id)).all():
        uow.get(RequestRow, request_id, lock=True)
        attempt = uow.get(AttemptRow, attempt_id, lock=True)
        if attempt.is_live and not attempt.provisional:
            attempt.state, attempt.ended_at, attempt.void, attempt.next_ask_at = "expired", uow.now, True, uow.now
            say_expired(uow, attempt)


def say_expired(uow: UnitOfWork, attempt: AttemptRow) -> None:
    """A card page that was left open is no news to anybody."""
    if attempt.method != "card":
        uow.say(
            RequestExpired(
                request_id=attempt.request_id,
                invoice_id=attempt.invoice_id,
                payer_id=attempt.payer_id,
                method=attempt.method,
                expired_at=attempt.pay_until,
            )
        )


def _real_end(uow: UnitOfWork, method: str, told: datetime, settings: PaymentSettings) -> datetime:
    """Banks report a transfer days after its value date: it was in time all the same (P5+)."""
    moment = told + timedelta(seconds=1)
    if method != "bank_transfer":
        return moment
    day = told.astimezone(uow.zone).date()
    return end_of(_bank_days_later(day, settings.grace_bank_days), uow.zone)


def _bank_days_later(day: date, days: int) -> date:
    try:
        return add_bank_days(day, days)
    except HolidaysUnknown:
        return day + timedelta(days=days + 2)
