"""The inbox: the queue's last stop. A message's id and its effect are stored in one transaction, so that it has its
effect exactly once, whatever dies; one that fails waits here, and `retry` tries it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared import clock, crash, observe
from shared.db import Id, KitBase, UtcDateTime, uuid_array
from shared.identity import Actor
from shared.messages import CONTRACTS, Envelope, Message, decode
from shared.service import InBulk, RunningService
from shared.trouble import database_is_down

log = structlog.get_logger()

OPEN = ("waiting", "retrying")
IS_OPEN = sa.text("state IN ('waiting', 'retrying')")  # literally the condition of the index: SQLite matches by text

NOT_HANDLED = sa.text("state <> 'handled'")


class InboxRow(KitBase):
    """One message that came in. Handled rows keep only their id; those that wait or are parked keep everything."""

    __tablename__ = "inbox"
    __table_args__ = (
        sa.Index(
            "ix_inbox_open",
            "bulk",
            "next_try_at",
            postgresql_where=IS_OPEN,
            sqlite_where=IS_OPEN,
        ),
        sa.Index("ix_inbox_state", "state", postgresql_where=NOT_HANDLED, sqlite_where=NOT_HANDLED),
        sa.Index("ix_inbox_handled_at", "handled_at", postgresql_using="brin"),
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


Columns = tuple[tuple[str, str], ...]  # of the inbox, each with the envelope's name for it
VARYING: Columns = (("id", "id"), ("type", "type"), ("bulk", "bulk"), ("society", "society"))
KEPT: Columns = (  # until the message is handled
    ("source", "source"),
    ("said_at", "time"),
    ("payload", "payload"),
    ("correlation", "correlation"),
    ("causation", "causation"),
    ("traceparent", "traceparent"),
)


def receive(running: RunningService, envelopes: Sequence[Envelope]) -> None:
    """Handle a batch from the broker in one transaction; afterwards all of it may be acked.

    When the batch fails, its messages are stored and handled one at a time by `retry.work_off`.
    Raises only when the database itself does not answer (nothing was stored then, and nothing may be acked),
    or when a message cannot even be stored."""
    batch = list({e.id: e for e in envelopes}.values())  # a batch may hold a message twice
    try:
        with running.session() as session:
            new = remember(session, batch, state="handled")
            crash.point("inbox")
            fresh = [e for e in batch if e.id in new]
            handle(running, session, fresh)
    except Exception as error:
        if database_is_down(error):
            raise
        log.warning("batch failed, going one by one", service=running.name, size=len(batch), error=repr(error))
        store(running, batch, state="retrying")
        return
    observe.handled(running.name, fresh)


def store(running: RunningService, envelopes: Sequence[Envelope], *, state: str = "waiting") -> None:
    """Keep messages in the inbox: `waiting` for the next batch, or `retrying` one at a time."""
    with running.session() as session:
        if remember(session, envelopes, state=state):
            session.info["arrived"] = True


def remember(session: Session, envelopes: Sequence[Envelope], *, state: str) -> set[str]:
    """Insert-or-ignore. Returns the ids that were new: only these may have an effect."""
    # in one order everywhere: two inserters never wait in a circle
    batch = sorted({e.id: e for e in envelopes}.values(), key=lambda e: e.id)
    if not batch:
        return set()
    now = clock.now()
    kept = state != "handled"
    varying = VARYING + KEPT if kept else VARYING
    same: dict[str, object] = {
        "state": state,
        "received_at": now,
        "handled_at": None if kept else now,
        "attempts": 0,
        "next_try_at": now if kept else None,
    }
    if session.connection().dialect.name == "postgresql":
        return _remember_fast(session, batch, varying, same)
    known = set(session.scalars(sa.select(InboxRow.id).where(InboxRow.id.in_([e.id for e in batch]))))
    new = [e for e in batch if e.id not in known]
    if new:
        rows = [same | {column: getattr(e, name) for column, name in varying} for e in new]
        session.connection().execute(sa.insert(InboxRow), rows)
    return {e.id for e in new}


def _remember_fast(session: Session, batch: Sequence[Envelope], varying: Columns, same: dict[str, object]) -> set[str]:
    """One statement for the batch, arrays unnested: a statement per row costs ten times as much."""
    names = [column for column, _ in varying]
    types = {name: _postgresql_type(name) for name in (*names, *same)}
    values: dict[str, object] = {column: [getattr(e, name) for e in batch] for column, name in varying}
    values |= {name: uuid_array(values[name]) for name in names if types[name] == "UUID"}  # type: ignore[arg-type]
    arrays = ", ".join(f"CAST(:{name} AS {types[name]}[])" for name in names)
    constants = ", ".join(f"CAST(:{name} AS {types[name]})" for name in same)
    insert = f"INSERT INTO inbox ({', '.join((*names, *same))})"
    select = f"SELECT arrived.*, {constants} FROM unnest({arrays}) AS arrived"
    statement = f"{insert} {select} ON CONFLICT (id) DO NOTHING RETURNING CAST(id AS TEXT)"
    return set(session.scalars(sa.text(statement), values | same))


@cache
def _postgresql_type(column: str) -> str:
    return str(InboxRow.__table__.c[column].type.compile(postgresql.dialect()))  # type: ignore[no-untyped-call]


def handle(running: RunningService, session: Session, envelopes: Sequence[Envelope]) -> None:
    """Run the handlers of a batch, grouped by society and type in the order in which these first came: an invoice that
    is created and changed in one batch is created first."""
    groups: dict[tuple[str | None, str], list[Envelope]] = {}
    for envelope in envelopes:
        groups.setdefault((envelope.society, envelope.type), []).append(envelope)
    for (society, type_name), group in groups.items():
        _handle_group(running, session, society, CONTRACTS[type_name], group)


def _handle_group(
    running: RunningService, session: Session, society: str | None, contract: type[Message], group: list[Envelope]
) -> None:
    handler = running.service.subscriptions[contract]
    actor = Actor(kind="message", name=contract.__name__)
    timer = observe.HANDLER.labels(running.name, contract.type_name())
    if isinstance(handler, InBulk):
        with timer.time(), running.in_society(session, society, actor=actor, cause=group[0]) as uow:
            handler.handle(uow, [decode(e) for e in group])
    else:
        with running.in_society(session, society, actor=actor):  # writes at its end what all handlers have changed
            for envelope in group:
                with (
                    timer.time(),
                    observe.trace(envelope.traceparent),
                    running.in_society(session, society, actor=actor, cause=envelope, flush=False) as uow,
                ):
                    handler(uow, decode(envelope))
    session.expunge_all()  # the next group may be another society's


def mark_handled(session: Session, ids: Sequence[str]) -> None:
    """Handled rows keep only what is needed to know them again."""
    session.execute(
        sa.update(InboxRow)
        .where(InboxRow.id.in_(ids))
        .values(state="handled", handled_at=clock.now(), payload=None, error=None, next_try_at=None),
        execution_options={"synchronize_session": False},
    )


def forget_handled(session: Session, before: datetime, limit: int = 10_000) -> int:
    """Delete rows that were done with before a moment (30 days ago: longer than any replay). Returns how many."""
    done_with = InboxRow.state.in_(("handled", "discarded"))
    old = sa.select(InboxRow.id).where(done_with, InboxRow.handled_at < before).limit(limit)
    statement = sa.delete(InboxRow).where(InboxRow.id.in_(old))
    done = session.execute(statement, execution_options={"synchronize_session": False})
    return int(done.rowcount)  # type: ignore[attr-defined]
