"""The ticker: runs what time brings, one runner per service at a time, catching up after downtime.

Due work says "do all that is due by now" and is idempotent, so that a lease is enough: whoever holds the row works."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import sqlalchemy as sa
import structlog
from prometheus_client import Counter
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from shared import clock, outbox
from shared.audit.anchors import anchor_heads
from shared.audit.checks import check_chains
from shared.audit.sealing import seal_new
from shared.bus import inbox
from shared.bus.ticks import TickRow
from shared.identity import Actor
from shared.service import Due, RunningService
from shared.trouble import again, database_is_down

log = structlog.get_logger()

LEASE = timedelta(seconds=90)  # renewed after each society; a unit of work takes 60 s at most
AFTER_FAILURE = timedelta(seconds=60)
KEEP_SENT = timedelta(days=7)
KEEP_HANDLED = timedelta(days=30)

FAILURES = Counter("tsudoi_tick_failures", "Due work that failed, counted per society", ["service", "name"])


def forget_old_messages(running: RunningService) -> None:
    """Sent messages after 7 days, handled ones after 30."""
    with running.session() as session:
        outbox.forget_sent(session, clock.now() - KEEP_SENT, limit=50_000)
        inbox.forget_handled(session, clock.now() - KEEP_HANDLED, limit=50_000)


KIT_DUE = (
    Due("forget-old-messages", timedelta(minutes=10), forget_old_messages, for_each_society=False),
    Due("seal-audit", timedelta(seconds=5), seal_new, for_each_society=False),
    Due("anchor-audit", timedelta(hours=1), anchor_heads, for_each_society=False),
    Due("check-audit", timedelta(minutes=10), check_chains, for_each_society=False),
)


def tick(running: RunningService, stop: threading.Event, *, progress: Callable[[], None] = lambda: None) -> int:
    """Do everything that is due. Returns how many pieces that was. Raises when the database does not answer."""
    done = 0
    for due in (*running.service.due_work, *KIT_DUE):
        if stop.is_set():
            break
        if _lease(running, due):
            done += 1
            _run(running, due, stop, progress)
    return done


def run_ticker(
    running: RunningService, stop: threading.Event, *, every: float = 1.0, progress: Callable[[], None] = lambda: None
) -> None:
    """Look once a second, until told to stop."""
    for due in (*running.service.due_work, *KIT_DUE):
        FAILURES.labels(running.name, due.name)
    while not stop.is_set():
        progress()
        tick(running, stop, progress=progress)
        stop.wait(every)


def _lease(running: RunningService, due: Due) -> bool:
    """Take the work if it is due and nobody is at it. Two tickers never get it both: the update is conditional."""
    now = clock.now()
    with running.session(reading=True) as session:
        row = session.get(TickRow, due.name)
    if row is not None and not _is_due(row, due):
        return False
    with running.session() as session:
        if row is None:
            _make_row(session, due.name)
        # what lies in the future was written by a clock that has been put right since
        done, lease = TickRow.last_success, TickRow.leased_until
        rest = sa.or_(done.is_(None), done <= now - due.every, done > now + LEASE)
        free = sa.or_(lease.is_(None), lease <= now, lease > now + 2 * LEASE)
        statement = sa.update(TickRow).where(TickRow.name == due.name, rest, free).values(leased_until=now + LEASE)
        result = session.execute(statement, execution_options={"synchronize_session": False})
        return bool(result.rowcount == 1)  # type: ignore[attr-defined]


def _is_due(row: TickRow, due: Due) -> bool:
    now = clock.now()
    done, lease = row.last_success, row.leased_until
    rested = done is None or done <= now - due.every or done > now + LEASE
    return rested and (lease is None or lease <= now or lease > now + 2 * LEASE)


def _make_row(session: Session, name: str) -> None:
    insert = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(TickRow).values(name=name).on_conflict_do_nothing())


def _run(running: RunningService, due: Due, stop: threading.Event, progress: Callable[[], None]) -> None:
    started = clock.now()
    actor = Actor(name=due.name)
    failed = 0
    for society in running.societies(at_work=True) if due.for_each_society else [None]:
        if stop.is_set():
            failed += 1  # not done: the next ticker goes on
            break
        try:
            again(partial(_do, running, due, society, actor))
        except Exception as error:
            if database_is_down(error):
                raise
            failed += 1
            FAILURES.labels(running.name, due.name).inc()
            log.exception("due work failed", service=running.name, name=due.name, society=society)
        progress()
        _end(running, due.name, leased_until=clock.now() + LEASE)
    if stop.is_set() and failed:
        _end(running, due.name, leased_until=None)
    elif failed:
        _end(running, due.name, leased_until=clock.now() + min(due.every, AFTER_FAILURE))
    else:
        _end(running, due.name, leased_until=None, last_success=started)


def _do(running: RunningService, due: Due, society: str | None, actor: Actor) -> None:
    if due.for_each_society:
        with running.unit(society, actor=actor) as uow:
            due.do(uow)
    else:
        due.do(running)


def _end(running: RunningService, name: str, **values: object) -> None:
    with running.session() as session:
        statement = sa.update(TickRow).where(TickRow.name == name).values(**values)
        session.execute(statement, execution_options={"synchronize_session": False})
