"""Trying parked messages again, or giving them up: for a reason, by somebody, and both are in the audit trail.

A replayed message keeps its id, so that the inbox still gives it its effect at most once, however often it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from shared import clock
from shared.audit import AuditRow
from shared.bus.inbox import NOT_HANDLED, InboxRow
from shared.bus.masking import kind_of_error
from shared.bus.parked import DISCARDED, IS_PARKED, Which, ids_of
from shared.db import insert_rows
from shared.errors import N_, TsudoiError
from shared.identity import Actor
from shared.ids import new_id
from shared.observe import current_traceparent
from shared.service import RunningService

log = structlog.get_logger()

FASTEST = 1000.0  # messages a second, the most that can be asked for
_CHUNK = 1000


class ReasonNeeded(TsudoiError):
    """Neither is done without a word on why."""

    text = N_("Please give a reason; it is kept in the audit trail.")


class RateImpossible(TsudoiError):
    text = N_("The rate must be above 0 and at most 1,000 messages a second.")


@dataclass(frozen=True)
class Replayed:
    """How many are tried again, and when the last of them is due."""

    count: int
    last_due: datetime | None


@dataclass(frozen=True)
class _Deed:
    """Who does what to some messages, and why."""

    action: str
    actor: Actor
    reason: str


def replay(
    running: RunningService,
    which: Which,
    *,
    reason: str,
    actor: Actor,
    rate: float | None = None,
    limit: int | None = None,
) -> Replayed:
    """Try parked messages again, with all their attempts; `rate`: so many a second, otherwise as fast as they go.

    The rate is kept by the moments at which they become due, so nobody needs to wait for the end of it.
    `limit`: at most so many now. Raises ReasonNeeded, RateImpossible."""
    deed = _Deed("replay-message", actor, _checked(reason))
    if rate is not None and not 0 < rate <= FASTEST:
        raise RateImpossible
    count, start = 0, clock.now()
    due = start
    for chunk in _chunks(ids_of(running, which)[:limit]):
        with running.session() as session:
            rows = _locked(session, chunk)
            values = []
            for row in rows:
                due = start + timedelta(seconds=count / rate) if rate else start
                values.append({"key": row.id, "due": due})
                count += 1
            _update(session, values, state="retrying", attempts=0, next_try_at=sa.bindparam("due"))
            _record(running, session, deed, rows)
            session.info["arrived"] = True
    return Replayed(count, due if count else None)


def discard(running: RunningService, which: Which, *, reason: str, actor: Actor, limit: int | None = None) -> int:
    """Give parked messages up, for a reason that is kept with them. Returns how many. Raises ReasonNeeded."""
    deed = _Deed("discard-message", actor, _checked(reason))
    count = 0
    for chunk in _chunks(ids_of(running, which)[:limit]):
        with running.session() as session:
            rows = _locked(session, chunk)
            error = sa.literal(f"{DISCARDED}{deed.reason}\n") + sa.func.coalesce(InboxRow.error, "")
            _update(session, [{"key": r.id} for r in rows], state="discarded", handled_at=clock.now(), error=error)
            _record(running, session, deed, rows)
            count += len(rows)
    return count


def _checked(reason: str) -> str:
    words = " ".join(reason.split())
    if not words:
        raise ReasonNeeded
    return words[:500]


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def _locked(session: Session, ids: Sequence[str]) -> Sequence[sa.Row[Any]]:
    """Those that are parked still: somebody else may be at them, too. In the order that was asked for."""
    order = {id: number for number, id in enumerate(ids)}
    wanted = sa.select(InboxRow.id, InboxRow.type, InboxRow.society, InboxRow.error)
    wanted = wanted.where(InboxRow.id.in_(list(ids)), IS_PARKED, NOT_HANDLED).order_by(InboxRow.id)
    return sorted(session.execute(wanted.with_for_update()), key=lambda row: order[row.id])


def _update(session: Session, rows: list[dict[str, Any]], **values: Any) -> None:
    if rows:
        table = InboxRow.__table__
        assert isinstance(table, sa.Table)
        session.connection().execute(sa.update(table).where(table.c.id == sa.bindparam("key")).values(**values), rows)


def _record(running: RunningService, session: Session, deed: _Deed, rows: Sequence[sa.Row[Any]]) -> None:
    """One entry for each message, in the audit trail of its society; a message of none stands in the log alone."""
    if not rows:
        return
    said_by = {"service": running.name, "actor": deed.actor.name, "reason": deed.reason}
    log.info(deed.action, **said_by, count=len(rows), first=rows[0].id, last=rows[-1].id)
    by_society = sorted((row for row in rows if row.society is not None), key=lambda row: str(row.society))
    for society, group in groupby(by_society, key=lambda row: str(row.society)):
        with running.in_society(session, society, actor=deed.actor):
            insert_rows(session, AuditRow, (_entry(society, deed, row) for row in group))


def _entry(society: str, deed: _Deed, row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "society_id": society,
        "id": new_id(),
        "at": clock.now(),
        "actor_kind": deed.actor.kind,
        "actor_id": deed.actor.id,
        "actor_name": deed.actor.name,
        "action": deed.action,
        "subject": f"message/{row.id}",
        "before": {"state": "parked", "error": kind_of_error(row.error)},
        "after": {"type": row.type, "reason": deed.reason},
        "trace": current_traceparent(),
    }
