"""The outbox: messages are written in the transaction of the fact; a relay sends them afterwards, for ever if need be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.db import Id, KitBase, UtcDateTime, insert_rows
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

    def envelope(self, source: str) -> Envelope:
        return Envelope(
            id=self.id,
            type=self.type,
            source=source,
            time=self.said_at,
            society=self.society,
            payload=self.payload,
            correlation=self.correlation,
            causation=self.causation,
            traceparent=self.traceparent,
            bulk=self.bulk,
        )


def put(session: Session, envelopes: Sequence[Envelope]) -> None:
    """Write messages beside the facts; on PostgreSQL the commit wakes the relay (polling is only the safety net)."""
    insert_rows(
        session,
        OutboxRow,
        (
            {
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
            for e in envelopes
        ),
    )
    if session.connection().dialect.name == "postgresql":
        session.execute(sa.text("SELECT pg_notify('outbox', '')"))


def claim(session: Session, limit: int) -> Sequence[OutboxRow]:
    """Up to `limit` unsent rows, prompt lane first, oldest first, locked against other relays.

    By lock and state, never by "id greater than the last seen": ids are drawn before commit, and rows would be lost."""
    statement = (
        sa.select(OutboxRow)
        .where(OutboxRow.sent_at.is_(None))
        .order_by(OutboxRow.bulk, OutboxRow.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(statement).all()


def mark_sent(session: Session, ids: Sequence[str], at: datetime) -> None:
    """Only rows whose own confirm has come."""
    session.execute(sa.update(OutboxRow).where(OutboxRow.id.in_(ids)).values(sent_at=at), execution_options={"synchronize_session": False})


def forget_sent(session: Session, before: datetime, limit: int = 10_000) -> int:
    """Delete rows sent before a moment (7 days ago). Returns how many."""
    old = sa.select(OutboxRow.id).where(OutboxRow.sent_at < before).limit(limit)
    done = session.execute(sa.delete(OutboxRow).where(OutboxRow.id.in_(old)), execution_options={"synchronize_session": False})
    return int(done.rowcount)  # type: ignore[attr-defined]
