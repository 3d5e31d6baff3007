"""Parked messages: what failed too often, or cannot succeed. People list them, look, and replay or discard them; both
are recorded. A replayed message keeps its id, so that the inbox still gives it its effect at most once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from shared import audit, clock
from shared.bus.inbox import NOT_HANDLED, InboxRow
from shared.errors import NotFound
from shared.identity import SYSTEM, Actor
from shared.service import RunningService

log = structlog.get_logger()

_SHOWN = re.compile(
    r"|[0-9a-f-]{36}|\d{4}-\d\d-\d\d\S*|[a-z_]{1,20}|[a-z]+\.[A-Za-z]+\.v\d+"
)  # ids, dates, codes, types
_CHUNK = 1000
IS_PARKED = InboxRow.state == "parked"


@dataclass(frozen=True)
class ParkedGroup:
    """Messages of one type that failed with the same error. `example`: id of the oldest."""

    type: str
    error: str
    count: int
    oldest: datetime
    example: str


@dataclass(frozen=True)
class ParkedMessage:
    """One message; texts in the payload are masked, for they may be people's data."""

    id: str
    type: str
    state: str
    society: str | None
    source: str | None
    said_at: datetime | None
    received_at: datetime
    attempts: int
    error: str | None
    correlation: str | None
    trace: str | None
    payload: Any


def list_parked(running: RunningService) -> list[ParkedGroup]:
    """Groups by type and error, the largest first."""
    with running.session(reading=True) as session:
        grouped = (
            sa.select(
                InboxRow.type,
                InboxRow.error,
                sa.func.count(),
                sa.func.min(InboxRow.received_at),
                sa.func.min(_text_id()),
            )
            .where(IS_PARKED, NOT_HANDLED)
            .group_by(InboxRow.type, InboxRow.error)
            .order_by(sa.func.count().desc(), InboxRow.type)
        )
        return [
            ParkedGroup(type_name, error or "", count, oldest, _with_hyphens(example))
            for type_name, error, count, oldest, example in session.execute(grouped)
        ]


def show(running: RunningService, id: str) -> ParkedMessage:
    """Any message that is kept. Raises NotFound."""
    with running.session(reading=True) as session:
        row = session.get(InboxRow, id)
        if row is None:
            raise NotFound
        return ParkedMessage(
            id=row.id,
            type=row.type,
            state=row.state,
            society=row.society,
            source=row.source,
            said_at=row.said_at,
            received_at=row.received_at,
            attempts=row.attempts,
            error=row.error,
            correlation=row.correlation,
            trace=row.traceparent,
            payload=None if row.payload is None else _masked(json.loads(row.payload)),
        )


def replay(
    running: RunningService, *, ids: Sequence[str] | None = None, type_name: str | None = None, actor: Actor = SYSTEM
) -> int:
    """Try parked messages again, with all their attempts: the given ones, those of a type, or all. Returns how many."""
    done = 0
    for chunk in _chunks(running, ids, type_name):
        with running.session() as session:
            for row in _locked(session, chunk):
                row.state, row.attempts, row.next_try_at = "retrying", 0, clock.now()
                done += 1
                _record(running, session, row, "replay-message", actor, {"error": row.error})
            session.info["arrived"] = True
    return done


def discard(running: RunningService, ids: Sequence[str], *, reason: str, actor: Actor = SYSTEM) -> int:
    """Give parked messages up, for a reason that is kept with them. Returns how many. ValueError without a reason."""
    if not reason.strip():
        raise ValueError("a message is discarded for a reason")
    done = 0
    for chunk in _chunks(running, ids, None):
        with running.session() as session:
            for row in _locked(session, chunk):
                row.state, row.handled_at = "discarded", clock.now()
                row.error = f"discarded: {reason} | {row.error}"
                done += 1
                _record(running, session, row, "discard-message", actor, {"reason": reason})
    return done


def _chunks(running: RunningService, ids: Sequence[str] | None, type_name: str | None) -> Iterator[list[str]]:
    statement = sa.select(InboxRow.id).where(IS_PARKED, NOT_HANDLED).order_by(InboxRow.id)
    if ids is not None:
        statement = statement.where(InboxRow.id.in_(list(ids)))
    if type_name is not None:
        statement = statement.where(InboxRow.type == type_name)
    with running.session(reading=True) as session:
        found = list(session.scalars(statement))
    for start in range(0, len(found), _CHUNK):
        yield found[start : start + _CHUNK]


def _locked(session: Session, ids: list[str]) -> Sequence[InboxRow]:
    statement = (
        sa.select(InboxRow).where(InboxRow.id.in_(ids), IS_PARKED, NOT_HANDLED).order_by(InboxRow.society, InboxRow.id)
    )
    return session.scalars(statement.with_for_update()).all()


def _record(
    running: RunningService, session: Session, row: InboxRow, action: str, actor: Actor, details: dict[str, Any]
) -> None:
    log.info(action, service=running.name, message=row.id, type=row.type, actor=actor.id, **details)
    if row.society is not None:
        with running.in_society(session, row.society, actor=actor) as uow:
            audit.record(uow, action, f"message/{row.id}", after={"type": row.type, **details})


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each) for each in value]
    if isinstance(value, str) and not _SHOWN.fullmatch(value):
        return f"{value[:1]}…({len(value)})"
    return value


def _text_id() -> sa.ColumnElement[str]:
    return sa.cast(InboxRow.id, sa.String)  # PostgreSQL 15 has no min() of UUIDs


def _with_hyphens(id: str) -> str:
    plain = id.replace("-", "")
    return "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
