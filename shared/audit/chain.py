"""What a place in the chain is made of. Whoever has the entries and this page can compute every hash anew."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from shared.audit.rows import AuditRow, ChainRow

# JSON is read as text: nothing that somebody wrote into it can stop us from reading on
CONTENT: tuple[Any, ...] = (
    AuditRow.society_id,
    AuditRow.id,
    AuditRow.at,
    AuditRow.actor_kind,
    AuditRow.actor_id,
    AuditRow.actor_name,
    AuditRow.action,
    AuditRow.subject,
    sa.cast(AuditRow.before, sa.Text).label("before"),
    sa.cast(AuditRow.after, sa.Text).label("after"),
    AuditRow.trace,
)


def beginning(service: str, society: str) -> str:
    """What stands before the first entry: the chain of one service or society is none of another."""
    return f"{service}/{society}"


def link(previous: str, number: int, entry: sa.Row[Any]) -> str:
    """The hash of an entry's place: SHA-256, in hexadecimal, of this array as JSON in UTF-8, without spaces, the keys
    of objects sorted, moments in UTC as ISO 8601."""
    content = [
        previous,
        number,
        entry.society_id,
        entry.id,
        entry.at.isoformat(),
        entry.actor_kind,
        entry.actor_id,
        entry.actor_name,
        entry.action,
        entry.subject,
        _value(entry.before),
        _value(entry.after),
        entry.trace,
    ]
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def head_of(session: Session) -> ChainRow | None:
    """The newest place in the chain of the current society."""
    return session.scalars(sa.select(ChainRow).order_by(ChainRow.number.desc()).limit(1)).one_or_none()


def _value(text: str | None) -> Any:
    """The same for the same JSON, however a database writes it down; what is no JSON is taken as it stands."""
    try:
        return None if text is None else msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
