"""Parked messages: what failed too often, or cannot succeed. People list them and look; `replay` does something."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from shared.bus.inbox import NOT_HANDLED, InboxRow
from shared.bus.masking import kind_of_error, masked, masked_error
from shared.errors import NotFound
from shared.service import RunningService

IS_PARKED = InboxRow.state == "parked"
DISCARDED = "discarded: "  # before the reason, which stands in the first line of the error
_ERROR_SHOWN = 400  # characters; errors are read from the table by the hundred thousand
_AT_ONCE = 5000


@dataclass(frozen=True)
class ParkedGroup:
    """Messages of one type that failed alike. `code` names the group; `example`: id of the one that came first."""

    code: str
    type: str
    error: str
    count: int
    oldest: datetime
    newest: datetime
    example: str


@dataclass(frozen=True)
class ParkedMessage:
    """One message; texts in the payload and in the error are masked, for they may be people's data."""

    id: str
    type: str
    state: str
    society: str | None
    source: str | None
    said_at: datetime | None
    received_at: datetime
    attempts: int
    next_try_at: datetime | None
    error: str
    reason: str  # of a discarded one
    correlation: str | None
    causation: str | None
    trace: str | None
    payload: Any


@dataclass(frozen=True, kw_only=True)
class Which:
    """A choice of parked messages; what is left out does not narrow it: `Which()` means all of them."""

    ids: Sequence[str] | None = None
    type: str | None = None
    group: str | None = None
    since: datetime | None = None  # received at this moment or later


def list_parked(running: RunningService) -> list[ParkedGroup]:
    """Groups by type and kind of error, the largest first."""
    groups: dict[tuple[str, str], ParkedGroup] = {}
    for id, type_name, error, received in _parked_rows(running, Which()):
        key = (type_name, kind_of_error(error))
        known = groups.get(key)
        if known is None:
            groups[key] = ParkedGroup(group_code(*key), *key, 1, received, received, id)
            continue
        first = received < known.oldest
        groups[key] = ParkedGroup(
            known.code,
            *key,
            known.count + 1,
            received if first else known.oldest,
            max(received, known.newest),
            id if first else known.example,
        )
    return sorted(groups.values(), key=lambda group: (-group.count, group.type, group.error))


def show(running: RunningService, id: str) -> ParkedMessage:
    """Any message that is kept. Raises NotFound."""
    with running.session(reading=True) as session:
        row = session.get(InboxRow, id)
        if row is None:
            raise NotFound
        reason, error = "", row.error or ""
        if error.startswith(DISCARDED):
            reason, _, error = error.removeprefix(DISCARDED).partition("\n")
        return ParkedMessage(
            id=row.id,
            type=row.type,
            state=row.state,
            society=row.society,
            source=row.source,
            said_at=row.said_at,
            received_at=row.received_at,
            attempts=row.attempts,
            next_try_at=row.next_try_at,
            error=masked_error(error),
            reason=reason,
            correlation=row.correlation,
            causation=row.causation,
            trace=row.traceparent,
            payload=None if row.payload is None else masked(json.loads(row.payload)),
        )


def ids_of(running: RunningService, which: Which) -> list[str]:
    """In the order in which they came: what builds on another came after it."""
    return [
        id
        for id, type_name, error, _ in _parked_rows(running, which)
        if which.group is None or group_code(type_name, kind_of_error(error)) == which.group
    ]


def group_code(type_name: str, kind: str) -> str:
    """Short, the same in every process, and safe in an address."""
    return sha256(f"{type_name}\n{kind}".encode()).hexdigest()[:10]


def _parked_rows(running: RunningService, which: Which) -> Iterator[tuple[str, str, str | None, datetime]]:
    error = sa.func.substr(InboxRow.error, 1, _ERROR_SHOWN)
    statement = sa.select(InboxRow.id, InboxRow.type, error, InboxRow.received_at).where(IS_PARKED, NOT_HANDLED)
    if which.ids is not None:
        statement = statement.where(InboxRow.id.in_(list(which.ids)))
    if which.type is not None:
        statement = statement.where(InboxRow.type == which.type)
    if which.since is not None:
        statement = statement.where(InboxRow.received_at >= which.since)
    with running.session(reading=True) as session:
        statement = statement.order_by(InboxRow.received_at, InboxRow.id)
        for row in session.execute(statement.execution_options(yield_per=_AT_ONCE)):
            yield row[0], row[1], row[2], row[3]
