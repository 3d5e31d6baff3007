"""Talking to the provider, outside transactions: what we intend is committed before, what it says is committed after.

No answer means nobody knows: the janitor asks again with the same key until somebody does (D7)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from services.payments import notices
from services.payments.errors import ProviderRefused, ProviderSilent
from services.payments.models import LIVE, AttemptRow, RequestRow
from services.payments.notices import NoticeKnown, apply_notice, postpone_notice, store_notice, waiting_notices
from services.payments.outcomes import Contradiction, apply_charge, lock_attempt
from services.payments.patience import Patience
from services.payments.providers import provider_of, settings_of
from services.payments.providers.port import Charge, Notice, Order, PaymentProvider
from shared import clock
from shared.identity import Actor
from shared.service import RunningService
from shared.trouble import database_is_down

log = structlog.get_logger()

UNANSWERED_AT_MOST = timedelta(hours=24)  # then the payer has gone, and providers forget our keys
PASS = 15.0  # seconds that one round of asking may take
_patience = Patience()
_CARD_PACE = (30, 60, 120, 300, 900, 3600)
_SLOW_PACE = (300, 3600, 86_400)


def submit(running: RunningService, society_id: str, attempt_id: str) -> None:
    """Ask the provider to begin an attempt. Raises ProviderSilent (it stays `starting`), ProviderRefused."""
    provider = provider_of(running)
    order = _order(running, society_id, attempt_id)
    try:
        with _patience.turn():
            charge = provider.create(order)
    except ProviderRefused:
        _give_up(running, society_id, attempt_id)
        raise
    take_answer(running, society_id, attempt_id, charge)


def void(running: RunningService, society_id: str, attempt_id: str) -> None:
    """Ask the provider to stop collecting for an attempt that is over here; the janitor repeats it until it answers."""
    try:
        with _patience.turn():
            _ask(running, provider_of(running), society_id, attempt_id)
    except ProviderSilent:
        log.warning("provider silent, will be asked again", attempt=attempt_id)


def take_answer(
    running: RunningService, society_id: str, attempt_id: str, charge: Charge, *, voided: bool = False
) -> None:
    """Commit what the provider answered about an attempt."""
    with running.unit(society_id) as uow:
        attempt = lock_attempt(uow, attempt_id)
        try:
            apply_charge(uow, attempt, charge)
        except Contradiction as error:
            log.error("provider contradicts our books", attempt=attempt_id, error=str(error))
            attempt.next_ask_at = None
            return
        if (
            voided and charge.state not in LIVE
        ):  # a slip that a store has just scanned can't be stopped, and may come free
            attempt.void = False
        _plan_next(attempt)


def ask_providers(running: RunningService) -> None:
    """Everything about which the provider should have told us more by now, and what it must still be told."""
    if not settings_of(running).sandbox_secrets:
        return
    provider = provider_of(running)
    end = time.monotonic() + PASS
    for _, society_id, attempt_id in sorted(_to_ask(running)):
        if time.monotonic() > end:
            return  # it is slow: the rest of what time brings has its turn, then the others
        try:
            _ask(running, provider, society_id, attempt_id)
        except ProviderSilent:
            log.warning("provider silent", society=society_id)
            return  # it is down: the others wait as well


def _to_ask(running: RunningService) -> Iterator[tuple[datetime, str, str]]:
    """Whose turn has come, in any society: (since when, society, attempt). To be sorted: the longest due go first."""
    columns = sa.select(AttemptRow.next_ask_at, AttemptRow.id).where(AttemptRow.next_ask_at <= clock.now())
    for society_id in running.societies():
        with running.unit(society_id, reading=True) as uow:
            for since, attempt_id in uow.session.execute(columns.order_by(AttemptRow.next_ask_at).limit(200)):
                assert since is not None
                yield since, society_id, attempt_id


def retry_notices(running: RunningService) -> None:
    """Notices that came before what they speak of, or whose effect failed."""
    if not settings_of(running).sandbox_secrets:
        return
    provider = provider_of(running)
    for society_id in running.societies():
        with running.unit(society_id, reading=True) as uow:
            ids = waiting_notices(uow, clock.now())
        for notice_id in ids:
            try_notice(running, provider, society_id, notice_id)


def take_notice(running: RunningService, provider: PaymentProvider, society_id: str, notice: Notice, body: str) -> str:
    """A verified notice that has just come: kept in any case once this returns. Its state: `waiting` where what it
    speaks of is not known yet, or its effect failed."""
    actor = Actor(kind="provider", name=provider.name)
    try:
        with running.unit(society_id, actor=actor) as uow:
            return notices.take_notice(uow, provider.name, notice, body)
    except NoticeKnown:
        log.info("notice told before", provider=provider.name, event_id=notice.event_id)
    except Exception as error:
        if database_is_down(error):
            raise
        log.warning("notice is kept before it is tried again", provider=provider.name, error=repr(error))
    with running.unit(society_id, actor=actor) as uow:
        notice_id = store_notice(uow, provider.name, notice, body)
    return try_notice(running, provider, society_id, notice_id)


def try_notice(running: RunningService, provider: PaymentProvider, society_id: str, notice_id: str) -> str:
    """Apply one stored notice in a transaction of its own. Its state afterwards."""
    try:
        with running.unit(society_id, actor=Actor(kind="provider", name=provider.name)) as uow:
            return apply_notice(uow, provider, notice_id).state
    except Exception as error:
        if database_is_down(error):
            raise
        log.exception("notice not applied", notice=notice_id)
        with running.unit(society_id) as uow:
            postpone_notice(uow, notice_id, error)
        return "waiting"


def _ask(running: RunningService, provider: PaymentProvider, society_id: str, attempt_id: str) -> None:
    with running.unit(society_id) as uow:
        attempt = lock_attempt(uow, attempt_id)
        reference, state, wanted_void, age = (
            attempt.reference,
            attempt.state,
            attempt.void,
            uow.now - attempt.created_at,
        )
        attempt.asked += 1
        if reference is None and attempt.is_live and age > UNANSWERED_AT_MOST:
            _fail(attempt)
            attempt.void = wanted_void = True  # what we may have begun without knowing it must not stay open there
        _plan_next(attempt)  # also where the answer never comes
    try:
        if reference is None:
            # with the same key: gives what a lost answer would have given; where it is forgotten and something new
            # begins, only to be stopped, nobody was told how to pay it
            reference = _created(running, provider, society_id, attempt_id)
            if not wanted_void:
                return
        charge = provider.cancel(reference) if wanted_void else provider.fetch(reference)
    except ProviderRefused as error:
        log.error("provider refused", attempt=attempt_id, state=state, error=str(error))
        _give_up(running, society_id, attempt_id)
        return
    take_answer(running, society_id, attempt_id, charge, voided=wanted_void)


def _created(running: RunningService, provider: PaymentProvider, society_id: str, attempt_id: str) -> str:
    charge = provider.create(_order(running, society_id, attempt_id))
    take_answer(running, society_id, attempt_id, charge)
    return charge.reference


def _give_up(running: RunningService, society_id: str, attempt_id: str) -> None:
    with running.unit(society_id) as uow:
        attempt = lock_attempt(uow, attempt_id)
        if attempt.is_live:
            _fail(attempt)
        attempt.next_ask_at, attempt.void = None, False


def _fail(attempt: AttemptRow) -> None:
    attempt.state, attempt.failure, attempt.ended_at = "failed", "refused", clock.now()


def _plan_next(attempt: AttemptRow) -> None:
    if not (attempt.is_live or attempt.void):
        attempt.next_ask_at = None
        return
    pace = _CARD_PACE if attempt.method == "card" or attempt.state == "starting" or attempt.void else _SLOW_PACE
    attempt.next_ask_at = clock.now() + timedelta(seconds=pace[min(attempt.asked, len(pace) - 1)])


def _order(running: RunningService, society_id: str, attempt_id: str) -> Order:
    with running.unit(society_id, reading=True) as uow:
        attempt = uow.get(AttemptRow, attempt_id)
        request = uow.get(RequestRow, attempt.request_id)
        return Order(
            key=attempt.id,
            merchant=society_id,
            merchant_name=uow.society.name,
            method=attempt.method,
            amount=attempt.amount,
            title=request.title_in(attempt.language),
            chain=attempt.chain,
            pay_until=attempt.pay_until,
            return_url=f"{running.settings.public_url}/payments/my/pay/{request.invoice_id}?back=1",
            language=attempt.language,
        )
