"""The audit trail 操作ログ: who did what, when, before and after. Written in the transaction of the change, and chained
shortly afterwards (`sealing.py`), so that nobody changes or removes an entry unnoticed (`verification.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from shared.audit.rows import AuditRow, ChainRow, CheckRow
from shared.db import insert_rows
from shared.ids import new_id
from shared.uow import UnitOfWork

__all__ = ["AuditRow", "ChainRow", "CheckRow", "plain", "record", "record_many", "trail_entry"]


def record(
    uow: UnitOfWork,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry. `before` and `after` hold JSON values only."""
    uow.add(AuditRow(**trail_entry(uow, action, subject, before=before, after=after)))


def trail_entry(
    uow: UnitOfWork,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One of the entries that `record_many` adds."""
    return {
        "society_id": uow.society_id,
        "id": new_id(),
        "at": uow.now,
        "actor_kind": uow.actor.kind,
        "actor_id": uow.actor.id,
        "actor_name": uow.actor.name,
        "action": action,
        "subject": subject,
        "before": dict(before) if before is not None else None,
        "after": dict(after) if after is not None else None,
        "trace": uow.traceparent,
    }


def record_many(uow: UnitOfWork, entries: Sequence[Mapping[str, Any]]) -> None:
    """At once, where thousands are changed together."""
    insert_rows(uow.session, AuditRow, entries)


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row as the trail keeps them: dates become texts."""
    return {name: value.isoformat() if isinstance(value, (date, datetime)) else value for name, value in values.items()}
