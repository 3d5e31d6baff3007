"""The outbox: messages are written in the transaction of the fact; a relay sends them afterwards, however late."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.db import Id, KitBase, UtcDateTime, insert_rows, uuid_array
from shared.messages import Envelope


class OutboxRow(KitBase):
    """One message on its way out. Sent rows stay 7 days, for replay."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index(
            "ix_outbox_unsent",
            "bulk",
            "id",
            postgresql_where=sa.text("sent_at IS NULL"),
            sqlite_where=sa.text("sent_at IS NULL"),
        ),
        sa.Index("ix_outbox_sent_at", "sent_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    type: Mapped[str]
    society: Mapped[str | None] = mapped_column(Id)
    payload: Mapped[str] = mapped_column(sa.Text)
    bulk: Mapped[bool]
    correlation: Mapped[str]
    causation: Mapped[str | None]
    traceparent: Mapped[str | None]
    said_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


_COLUMNS: tuple[sa.ColumnElement[Any], ...] = tuple(
    OutboxRow.__table__.c[name]
    for name in ("id", "type", "said_at", "society", "payload", "correlation", "causation", "traceparent", "bulk")
)
# PostgreSQL's driver makes a UUID object of each id; we want the text
_COLUMNS_AS_TEXT = tuple(sa.cast(c, sa.Text) if isinstance(c.type, sa.Uuid) else c for c in _COLUMNS)
_INSERT_AND_WAKE = sa.insert(OutboxRow).returning(sa.func.pg_notify("outbox", ""))  # in one round trip
Lane = tuple[bool, str]  # (bulk?, type): what one routing key stands for


def put(session: Session, envelopes: Sequence[Envelope]) -> None:
    """Write messages beside the facts; on PostgreSQL the commit wakes the relay (polling is only the safety net)."""
    if not envelopes:
        return
    connection = session.connection()
    if connection.dialect.name == "postgresql" and len(envelopes) == 1:
        session.flush()
        connection.execute(_INSERT_AND_WAKE, _row(envelopes[0]))
        return
    insert_rows(session, OutboxRow, (_row(e) for e in envelopes))
    if connection.dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_notify('outbox', '')"))


def _row(e: Envelope) -> dict[str, object]:
    return {
        "id": e.id,
        "type": e.type,
        "society": e.society,
        "payload": e.payload,
        "bulk": e.bulk,
        "correlation": e.correlation,
        "causation": e.causation,
        "traceparent": e.traceparent,
        "said_at": e.time,
        "sent_at": None,
    }


def claim(session: Session, source: str, limit: int, *, resting: Collection[Lane] = ()) -> list[Envelope]:
    """Up to `limit` unsent messages, prompt lane first, oldest first, locked against other relays; none that rest.

    By lock and state, never by "id greater than the last seen": ids are drawn before commit, and rows would be lost."""
    postgresql = session.connection().dialect.name == "postgresql"
    statement = (
        sa.select(*(_COLUMNS_AS_TEXT if postgresql else _COLUMNS))
        .where(OutboxRow.sent_at.is_(None))
        .order_by(OutboxRow.bulk, OutboxRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    for bulk, type_name in resting:
        statement = statement.where(sa.not_(sa.and_(OutboxRow.bulk == bulk, OutboxRow.type == type_name)))
    return [
        Envelope(
            id=id,
            type=type_name,
            source=source,
            time=said_at,
            society=society,
            payload=payload,
            correlation=correlation,
            causation=causation,
            traceparent=traceparent,
            bulk=bulk,
        )
        for id, type_name, said_at, society, payload, correlation, causation, traceparent, bulk in session.execute(
            statement
        )
    ]


def mark_sent(session: Session, ids: Collection[str], at: datetime) -> None:
    """Only rows whose own confirm has come."""
    if session.connection().dialect.name == "postgresql":
        statement = sa.text("UPDATE outbox SET sent_at = :at WHERE id = ANY(CAST(:ids AS uuid[]))")
        session.execute(statement, {"at": at, "ids": uuid_array(ids)})
        return
    session.execute(
        sa.update(OutboxRow).where(OutboxRow.id.in_(list(ids))).values(sent_at=at),
        execution_options={"synchronize_session": False},
    )


def forget_sent(session: Session, before: datetime, limit: int = 10_000) -> int:
    """Delete rows sent before a moment (7 days ago). Returns how many."""
    old = sa.select(OutboxRow.id).where(OutboxRow.sent_at < before).limit(limit)
    statement = sa.delete(OutboxRow).where(OutboxRow.id.in_(old))
    done = session.execute(statement, execution_options={"synchronize_session": False})
    return int(done.rowcount)  # type: ignore[attr-defined]
