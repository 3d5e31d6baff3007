"""After one service was restored from a back-up: its neighbours say again what they had said, and what it had said
itself, and no longer knows, is listed.

Each neighbour's outbox keeps what it sent for 7 days, each inbox the ids of what it handled for 30: whatever arrives
twice has its effect once, and no difference stays silent."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from shared import audit
from shared.bus.inbox import InboxRow
from shared.bus.replay import FASTEST, RateImpossible, ReasonNeeded
from shared.identity import Actor
from shared.outbox import OutboxRow
from shared.service import RunningService

log = structlog.get_logger()

_CHUNK = 1000
SENT_AGAIN = "send-again"


@dataclass(frozen=True)
class Difference:
    """One message that one of two services does not know. `what`: forgotten (said by the restored one, which no longer
    knows it) or missed (said to it, and neither handled nor waiting there)."""

    what: str
    type: str
    id: str
    society: str | None
    known_to: str
    at: datetime


def send_again(
    running: RunningService,
    to: RunningService,
    *,
    since: datetime | None,
    reason: str,
    actor: Actor,
    rate: float | None = None,
) -> int:
    """Let a service send once more what another one subscribes to: all that its outbox keeps, or what was sent since.

    The relay does it, under the same ids; whoever else subscribes hears it too, and knows it already. Returns how
    many. Raises ReasonNeeded, RateImpossible."""
    if not reason.strip():
        raise ReasonNeeded
    if rate is not None and not 0 < rate <= FASTEST:
        raise RateImpossible
    types = sorted(contract.type_name() for contract in to.service.subscriptions)
    sent = sa.select(OutboxRow.id).where(OutboxRow.sent_at.is_not(None), OutboxRow.type.in_(types))
    if since is not None:
        sent = sent.where(OutboxRow.sent_at >= since)
    with running.session(reading=True) as session:
        ids = list(session.scalars(sent.order_by(OutboxRow.id)))
    done, at_once = 0, _CHUNK if rate is None else max(1, int(rate))
    try:
        for start in range(0, len(ids), at_once):
            chunk = ids[start : start + at_once]
            with running.session() as session:
                done += _mark_unsent(session, chunk)
                session.info["said"] = True
                if session.connection().dialect.name == "postgresql":
                    session.execute(sa.text("SELECT pg_notify('outbox', '')"))
            if rate is not None:
                time.sleep(len(chunk) / rate)
    finally:  # what goes out again before somebody interrupts it is recorded, too
        log.info(SENT_AGAIN, service=running.name, to=to.name, count=done, actor=actor.name, reason=reason)
        for society in running.societies() if done else ():
            with running.unit(society, actor=actor) as uow:
                after = {"to": to.name, "count": done, "since": since and since.isoformat(), "reason": reason}
                audit.record(uow, SENT_AGAIN, f"outbox/{running.name}", after=after)
    return done


def _mark_unsent(session: Session, ids: Sequence[str]) -> int:
    statement = sa.update(OutboxRow).where(OutboxRow.id.in_(ids), OutboxRow.sent_at.is_not(None)).values(sent_at=None)
    done = session.execute(statement, execution_options={"synchronize_session": False})
    return int(done.rowcount)  # type: ignore[attr-defined]


def differences(
    restored: RunningService, neighbours: Mapping[str, RunningService], *, since: datetime | None = None
) -> Iterator[Difference]:
    """What the restored service and its neighbours know of each other's messages, where only one side knows it.

    `since`: only what was said or received from this moment on; without it, as far back as both sides remember."""
    own = _said(restored)
    oldest = min(own.values(), default=None)
    seen: dict[str, Difference] = {}
    for name, neighbour in neighbours.items():
        for row in _heard_from(neighbour, restored.name, since):
            if row.id not in own and (since or oldest is None or row.received_at >= oldest):
                known = seen.get(row.id)
                known_to = f"{known.known_to}, {name}" if known else name
                seen[row.id] = Difference("forgotten", row.type, row.id, row.society, known_to, row.received_at)
    yield from sorted(seen.values(), key=lambda each: each.id)
    heard = _all_ids(restored)
    types = [contract.type_name() for contract in restored.service.subscriptions]
    for name, neighbour in neighbours.items():
        for said in _said_to(neighbour, types, since):
            if said.id not in heard:
                yield Difference("missed", said.type, said.id, said.society, name, said.said_at)


def _said(running: RunningService) -> dict[str, datetime]:
    with running.session(reading=True) as session:
        return {row.id: row.said_at for row in session.execute(sa.select(OutboxRow.id, OutboxRow.said_at))}


def _said_to(running: RunningService, types: Sequence[str], since: datetime | None) -> Sequence[Any]:
    statement = sa.select(OutboxRow.id, OutboxRow.type, OutboxRow.society, OutboxRow.said_at)
    statement = statement.where(OutboxRow.type.in_(types)).order_by(OutboxRow.id)
    if since is not None:
        statement = statement.where(OutboxRow.said_at >= since)
    with running.session(reading=True) as session:
        return session.execute(statement).all()


def _heard_from(running: RunningService, publisher: str, since: datetime | None) -> Sequence[Any]:
    statement = sa.select(InboxRow.id, InboxRow.type, InboxRow.society, InboxRow.received_at)
    statement = statement.where(InboxRow.type.startswith(f"{publisher}.", autoescape=True))
    if since is not None:
        statement = statement.where(InboxRow.received_at >= since)
    with running.session(reading=True) as session:
        return session.execute(statement.order_by(InboxRow.id)).all()


def _all_ids(running: RunningService) -> set[str]:
    with running.session(reading=True) as session:
        return set(session.scalars(sa.select(InboxRow.id)))
