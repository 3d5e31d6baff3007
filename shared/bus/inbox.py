"""The inbox: the queue's last stop. A message's id and its effect are stored in one transaction, so that it has its
effect exactly once, whatever dies; one that fails waits here, is tried again with growing delay, and is parked at last."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared import clock, observe
from shared.db import Id, KitBase, UtcDateTime
from shared.errors import TsudoiError
from shared.identity import Actor
from shared.messages import CONTRACTS, Envelope, Message, decode
from shared.service import InBulk, RunningService

log = structlog.get_logger()

DELAYS = (1, 5, 30, 120, 600, 1800, 3600, 3600)  # seconds until the next try; parked after the last
OPEN = ("waiting", "retrying")


class InboxRow(KitBase):
    """One message that came in. Handled rows keep only their id; those that wait or are parked keep everything."""

    __tablename__ = "inbox"
    __table_args__ = (
        sa.Index(
            "ix_inbox_open",
            "bulk",
            "next_try_at",
            postgresql_where=sa.text("state IN ('waiting', 'retrying')"),
            sqlite_where=sa.text("state IN ('waiting', 'retrying')"),
        ),
        sa.Index("ix_inbox_state", "state", postgresql_where=sa.text("state <> 'handled'"), sqlite_where=sa.text("state <> 'handled'")),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    type: Mapped[str]
    state: Mapped[str]  # waiting | retrying | handled | parked | discarded
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    bulk: Mapped[bool]
    society: Mapped[str | None] = mapped_column(Id)
    source: Mapped[str | None]
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    payload: Mapped[str | None] = mapped_column(sa.Text)
    correlation: Mapped[str | None]
    causation: Mapped[str | None]
    traceparent: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(sa.Text)

    def envelope(self) -> Envelope:
        assert self.payload is not None and self.source and self.said_at and self.correlation
        return Envelope(
            id=self.id,
            type=self.type,
            source=self.source,
            time=self.said_at,
            society=self.society,
            payload=self.payload,
            correlation=self.correlation,
            causation=self.causation,
            traceparent=self.traceparent,
            bulk=self.bulk,
        )


def receive(running: RunningService, envelopes: Sequence[Envelope]) -> None:
    """Handle a batch from the broker in one transaction; afterwards all of it may be acked.

    When the batch fails, its messages are stored as waiting and handled one at a time by `work_off`.
    Raises only when the database itself does not answer: nothing was stored then, and nothing may be acked."""
    try:
        with running.session() as session:
            new = remember(session, envelopes, state="handled")
            handle(running, session, [e for e in envelopes if e.id in new])
    except Exception as error:
        if database_is_down(error):
            raise
        log.warning("batch failed, going one by one", service=running.name, size=len(envelopes), error=repr(error))
        store(running, envelopes)
        return
    observe.handled(running.name, envelopes)
    _wake(running, session)


def store(running: RunningService, envelopes: Sequence[Envelope]) -> None:
    """Keep messages in the inbox as waiting; `work_off` handles each by itself."""
    with running.session() as session:
        remember(session, envelopes, state="waiting")


def remember(session: Session, envelopes: Sequence[Envelope], *, state: str) -> set[str]:
    """Insert-or-ignore. Returns the ids that were new: only these may have an effect."""
    now = clock.now()
    kept = state != "handled"
    rows = {
        e.id: {
            "id": e.id,
            "type": e.type,
            "state": state,
            "received_at": now,
            "handled_at": None if kept else now,
            "bulk": e.bulk,
            "society": e.society,
            "source": e.source if kept else None,
            "said_at": e.time if kept else None,
            "payload": e.payload if kept else None,
            "correlation": e.correlation if kept else None,
            "causation": e.causation if kept else None,
            "traceparent": e.traceparent if kept else None,
            "attempts": 0,
            "next_try_at": now if kept else None,
            "error": None,
        }
        for e in envelopes
    }
    if not rows:
        return set()
    if session.connection().dialect.name == "postgresql":
        return _remember_fast(session, rows)
    known = set(session.scalars(sa.select(InboxRow.id).where(InboxRow.id.in_(list(rows)))))
    new = [row for id, row in rows.items() if id not in known]
    if new:
        session.execute(sa.insert(InboxRow), new)
    return {str(row["id"]) for row in new}


def _remember_fast(session: Session, rows: dict[str, dict[str, object]]) -> set[str]:
    """One statement for the batch, arrays unnested: a statement per row costs ten times as much (PERFORMANCE, choice 1)."""
    table = InboxRow.__table__
    names = list(next(iter(rows.values())))
    columns = {name: [row[name] for row in rows.values()] for name in names}
    casts = ", ".join(f"CAST(:{name} AS {table.c[name].type.compile(session.connection().dialect)}[])" for name in names)
    statement = sa.text(
        f"INSERT INTO inbox ({', '.join(names)}) SELECT * FROM unnest({casts}) ON CONFLICT (id) DO NOTHING RETURNING id"  # noqa: S608
    )
    return {str(id) for id in session.scalars(statement, columns)}


def handle(running: RunningService, session: Session, envelopes: Sequence[Envelope]) -> None:
    """Run the handlers of a batch, grouped by society and type; in bulk where the handler can."""
    def key(e: Envelope) -> tuple[str, str]:
        return (e.society or "", e.type)

    for (society, type_name), group in groupby(sorted(envelopes, key=key), key):
        _handle_group(running, session, society or None, CONTRACTS[type_name], list(group))


def _handle_group(
    running: RunningService, session: Session, society: str | None, contract: type[Message], group: list[Envelope]
) -> None:
    handler = running.service.subscriptions[contract]
    actor = Actor(kind="message", name=contract.__name__)
    if isinstance(handler, InBulk):
        with running.in_society(session, society, actor=actor, cause=group[0]) as uow:
            handler.handle(uow, [decode(e) for e in group])
    else:
        for envelope in group:
            with running.in_society(session, society, actor=actor, cause=envelope) as uow:
                handler(uow, decode(envelope))
    session.expunge_all()  # the next group may be another society's


def work_off(running: RunningService, limit: int = 500) -> int:
    """Handle what waits in the inbox and is due: as one batch while nothing has failed, else one message at a time.

    Returns how many rows were taken; 0 means that nothing is due."""
    fresh = _try_batch(running, limit)
    if fresh:
        return fresh
    due = _due(running, limit)
    for id in due:
        _try_one(running, id)
    return len(due)


def _due(running: RunningService, limit: int) -> list[str]:
    with running.session(reading=True) as session:
        statement = (
            sa.select(InboxRow.id)
            .where(InboxRow.state.in_(OPEN), InboxRow.next_try_at <= clock.now())
            .order_by(InboxRow.bulk, InboxRow.next_try_at, InboxRow.id)
            .limit(limit)
        )
        return list(session.scalars(statement))


def _try_batch(running: RunningService, limit: int) -> int:
    """All fresh rows (never tried) in one transaction. Returns 0 if there were none or the batch failed."""
    ids: list[str] = []
    try:
        with running.session() as session:
            statement = (
                sa.select(InboxRow)
                .where(InboxRow.state == "waiting", InboxRow.attempts == 0)
                .order_by(InboxRow.bulk, InboxRow.id)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            rows = session.scalars(statement).all()
            ids = [row.id for row in rows]
            envelopes = [row.envelope() for row in rows]
            session.expunge_all()
            if not ids:
                return 0
            handle(running, session, envelopes)
            _mark_handled(session, ids)
    except Exception as error:
        if database_is_down(error):
            raise
        log.warning("batch failed, going one by one", service=running.name, size=len(ids), error=repr(error))
        with running.session() as session:  # attempts > 0 keeps them out of the next batch
            session.execute(sa.update(InboxRow).where(InboxRow.id.in_(ids), InboxRow.attempts == 0).values(state="retrying"))
        return 0
    observe.handled(running.name, envelopes)
    _wake(running, session)
    return len(ids)


def _try_one(running: RunningService, id: str) -> None:
    """One message by itself. The attempt is counted before it is made: a message that kills the process is parked too."""
    with running.session() as session:
        row = _lock(session, id)
        if row is None:
            return
        row.attempts += 1
        row.next_try_at = clock.now() + _delay(row.attempts)
        row.state = "retrying"
        if row.attempts > len(DELAYS):
            row.state, row.error = "parked", row.error or "the process died each time that it was handled"
            return
        envelope, attempts = row.envelope(), row.attempts
    try:
        with running.session() as session:
            if _lock(session, id, due=False) is None:
                return
            session.expunge_all()
            handle(running, session, [envelope])
            _mark_handled(session, [id])
    except Exception as error:
        if database_is_down(error):
            raise
        _record_failure(running, id, attempts, error)
        return
    observe.handled(running.name, [envelope])
    _wake(running, session)


def _lock(session: Session, id: str, *, due: bool = True) -> InboxRow | None:
    statement = sa.select(InboxRow).where(InboxRow.id == id, InboxRow.state.in_(OPEN)).with_for_update(skip_locked=True)
    if due:
        statement = statement.where(InboxRow.next_try_at <= clock.now())
    return session.scalars(statement).one_or_none()


def _record_failure(running: RunningService, id: str, attempts: int, error: Exception) -> None:
    if isinstance(error, TsudoiError):
        course = error.kind.on_the_bus
    elif isinstance(error, (ValueError, KeyError, TypeError, LookupError, AttributeError)):
        course = "retry" if attempts < 3 else "park"  # a defect: time rarely mends it
    else:
        course = "retry"
    if course != "wait" and (course == "park" or attempts >= len(DELAYS)):
        state, next_try_at = "parked", None
        log.error("message parked", service=running.name, message=id, error=repr(error))
    else:
        state, next_try_at = "retrying", clock.now() + _delay(attempts)
    with running.session() as session:
        row = session.get(InboxRow, id)
        assert row is not None
        row.state, row.next_try_at, row.error = state, next_try_at, f"{type(error).__name__}: {error}"[:2000]
        if course == "wait":
            row.attempts = min(row.attempts, len(DELAYS) - 1)  # may wait as long as it takes
    observe.failed(running.name, state)


def _delay(attempts: int) -> timedelta:
    seconds = DELAYS[min(attempts, len(DELAYS)) - 1]
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311  (jitter)


def _mark_handled(session: Session, ids: Sequence[str]) -> None:
    session.execute(
        sa.update(InboxRow)
        .where(InboxRow.id.in_(ids))
        .values(state="handled", handled_at=clock.now(), payload=None, error=None, next_try_at=None),
        execution_options={"synchronize_session": False},
    )


def _wake(running: RunningService, session: Session) -> None:
    if session.info.get("said"):
        for wake in running.after_saying:
            wake()


def database_is_down(error: BaseException) -> bool:
    """Is it the database that fails, rather than the message? Then no attempt is counted and nothing is acked."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, sa.exc.TimeoutError)
    if error.connection_invalidated:
        return True
    name = type(error.orig).__name__
    return name in {"OperationalError", "AdminShutdown", "CannotConnectNow", "CrashShutdown"} and "deadlock" not in str(error.orig)
