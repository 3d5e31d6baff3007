"""Working off the inbox: what waits is handled in batches, what has failed one message at a time with growing delay,
and what goes on failing is parked until somebody looks at it."""

from __future__ import annotations

import random
from datetime import timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from shared import clock, crash, observe
from shared.bus.inbox import IS_OPEN, InboxRow, handle, mark_handled
from shared.errors import TsudoiError
from shared.service import RunningService
from shared.trouble import database_is_down, describe, is_contention

log = structlog.get_logger()

DELAYS = (1, 5, 30, 120, 600, 1800, 3600, 3600)  # seconds until the next try; parked after the last
DEFECTS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
)  # time rarely mends them
BATCH_TIME = timedelta(seconds=5)  # after a crash in a batch, its messages are tried one at a time so much later


def work_off(running: RunningService, limit: int = 200) -> int:
    """Handle what waits in the inbox and is due. Returns how many rows were taken; 0 means that nothing is due.

    Raises when the database does not answer."""
    fresh = _claim_fresh(running, limit)
    if fresh and _try_batch(running, fresh):
        return len(fresh)
    due = _due(running, limit)
    for id in due:
        _try_one(running, id)
    return len(due)


def _claim_fresh(running: RunningService, limit: int) -> list[str]:
    """Rows that were never tried. Committed as tried before they are: a message that kills the process does so only
    once in the company of others."""
    with running.session(reading=True) as session:
        if session.scalar(sa.select(InboxRow.id).where(IS_OPEN, InboxRow.state == "waiting").limit(1)) is None:
            return []
    with running.session() as session:
        statement = (
            sa.select(InboxRow.id)
            .where(IS_OPEN, InboxRow.state == "waiting")
            .order_by(InboxRow.bulk, InboxRow.next_try_at, InboxRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(session.scalars(statement))
        _set(session, ids, state="retrying", next_try_at=clock.now() + BATCH_TIME)
        return ids


def _try_batch(running: RunningService, ids: list[str]) -> bool:
    """All in one transaction; False if that failed, and each is to be tried by itself."""
    try:
        with running.session() as session:
            statement = (
                sa.select(InboxRow)
                .where(InboxRow.id.in_(ids), IS_OPEN)
                .order_by(InboxRow.bulk, InboxRow.id)
                .with_for_update(skip_locked=True)
            )
            envelopes = [row.envelope() for row in session.scalars(statement)]
            session.expunge_all()
            crash.point("inbox")
            handle(running, session, envelopes)
            mark_handled(session, [e.id for e in envelopes])
    except Exception as error:
        if database_is_down(error):
            raise
        log.warning("batch failed, going one by one", service=running.name, size=len(ids), error=repr(error))
        with running.session() as session:
            _set(session, ids, next_try_at=clock.now())
        return False
    crash.point("commit")
    observe.handled(running.name, envelopes)
    return True


def _due(running: RunningService, limit: int) -> list[str]:
    with running.session(reading=True) as session:
        statement = (
            sa.select(InboxRow.id)
            .where(IS_OPEN, InboxRow.state == "retrying", InboxRow.next_try_at <= clock.now())
            .order_by(InboxRow.bulk, InboxRow.next_try_at, InboxRow.id)
            .limit(limit)
        )
        return list(session.scalars(statement))


def _try_one(running: RunningService, id: str) -> None:
    """One message by itself. The attempt is counted before it is made: what kills the process is parked too."""
    with running.session() as session:
        row = _lock(session, id, due=True)
        if row is None:
            return
        if row.attempts >= len(DELAYS):
            row.state, row.next_try_at = "parked", None
            row.error = row.error or "the process died each time that it was handled"
            log.error("message parked", service=running.name, message=id, error=row.error)
            observe.failed(running.name, row.type, "parked")
            return
        row.attempts += 1
        row.next_try_at = clock.now() + _delay(row.attempts)
        envelope, attempts = row.envelope(), row.attempts
    try:
        with running.session() as session:
            if _lock(session, id, due=False) is None:
                return
            session.expunge_all()
            crash.point("inbox")
            handle(running, session, [envelope])
            mark_handled(session, [id])
    except Exception as error:
        if database_is_down(error):
            raise
        _record_failure(running, id, attempts, error)
        return
    crash.point("commit")
    observe.handled(running.name, [envelope])


def _lock(session: Session, id: str, *, due: bool) -> InboxRow | None:
    statement = sa.select(InboxRow).where(InboxRow.id == id, IS_OPEN).with_for_update(skip_locked=True)
    if due:
        statement = statement.where(InboxRow.next_try_at <= clock.now())
    return session.scalars(statement).one_or_none()


def _record_failure(running: RunningService, id: str, attempts: int, error: Exception) -> None:
    course = _course(error, attempts)
    with running.session() as session:
        row = _lock(session, id, due=False)
        if row is None:
            return
        row.error = describe(error)
        if course == "park":
            row.state, row.next_try_at = "parked", None
        else:
            row.next_try_at = clock.now() + _delay(attempts)
        if course == "wait":
            row.attempts = min(attempts, len(DELAYS) - 1)  # may wait as long as it takes
        type_name = row.type
    observe.failed(running.name, type_name, "parked" if course == "park" else course)
    if course == "park":
        log.error("message parked", service=running.name, message=id, error=repr(error))


def _course(error: Exception, attempts: int) -> str:
    """`park`, `retry` or `wait` (retry without alarm and without end)."""
    course = "retry"
    if isinstance(error, TsudoiError):
        course = error.kind.on_the_bus
    elif is_contention(error):
        course = "wait"
    elif isinstance(error, DEFECTS) and attempts >= 3:
        course = "park"
    return "park" if course == "retry" and attempts >= len(DELAYS) else course


def _delay(attempts: int) -> timedelta:
    seconds = DELAYS[min(attempts, len(DELAYS)) - 1]
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))


def _set(session: Session, ids: list[str], **values: object) -> None:
    if ids:
        statement = sa.update(InboxRow).where(InboxRow.id.in_(ids), IS_OPEN).values(**values)
        session.execute(statement, execution_options={"synchronize_session": False})
