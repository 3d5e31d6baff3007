"""Finding entries: newest first, page by page from an entry on, so that new ones never shift what is being read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from shared.audit.rows import AuditRow, ChainRow
from shared.clock import end_of

Found = sa.Row[AuditRow, ChainRow]  # the place is None where there is none yet


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is looked for; what is left out does not matter. Days are the society's, both are included.

    `subject`: one thing (`member/<id>`) or a kind of things (`member`); `actor`: part of a name; `text`: anywhere."""

    first: date | None = None
    last: date | None = None
    actor: str = ""
    action: str = ""
    subject: str = ""
    text: str = ""


@dataclass(frozen=True)
class Page:
    """`newer`, `older`: the ids of the entries next to which one goes on reading; None where there are no more."""

    rows: Sequence[Found] = field(default_factory=tuple)
    newer: str | None = None
    older: str | None = None


def matching(wanted: Wanted, zone: ZoneInfo) -> sa.Select[AuditRow, ChainRow]:
    """Entries with their places in the chain, in no order."""
    statement = sa.select(AuditRow, ChainRow).outerjoin(ChainRow, ChainRow.entry_id == AuditRow.id)
    if wanted.first:
        statement = statement.where(AuditRow.at >= datetime.combine(wanted.first, datetime.min.time(), zone))
    if wanted.last:
        statement = statement.where(AuditRow.at < end_of(wanted.last, zone))
    if wanted.actor:
        statement = statement.where(AuditRow.actor_name.icontains(wanted.actor, autoescape=True))
    if wanted.action:
        statement = statement.where(AuditRow.action == wanted.action)
    if wanted.subject:
        kind = AuditRow.subject.startswith(f"{wanted.subject}/", autoescape=True)
        statement = statement.where(sa.or_(AuditRow.subject == wanted.subject, kind))
    if wanted.text:
        statement = statement.where(_somewhere(wanted.text))
    return statement


def newest_first(statement: sa.Select[AuditRow, ChainRow]) -> sa.Select[AuditRow, ChainRow]:
    return statement.order_by(AuditRow.id.desc())


def page_of(
    session: Session,
    statement: sa.Select[AuditRow, ChainRow],
    size: int,
    *,
    before: UUID | None = None,
    after: UUID | None = None,
) -> Page:
    """The newest entries, or those next `before` or `after` an entry."""
    if after:
        nearest = statement.where(AuditRow.id > str(after)).order_by(AuditRow.id).limit(size + 1)
        rows = session.execute(nearest).all()
        more, rows = len(rows) > size, rows[:size][::-1]
        return Page(rows, rows[0][0].id if more else None, rows[-1][0].id if rows else None)
    if before:
        statement = statement.where(AuditRow.id < str(before))
    rows = session.execute(newest_first(statement).limit(size + 1)).all()
    more, rows = len(rows) > size, rows[:size]
    return Page(rows, rows[0][0].id if before and rows else None, rows[-1][0].id if more else None)


def _somewhere(text: str) -> sa.ColumnElement[bool]:
    """JSON is stored with characters beyond ASCII as they are, or escaped, depending on who wrote it."""
    escaped = json.dumps(text)[1:-1]
    columns = (AuditRow.subject, AuditRow.actor_name, AuditRow.action)
    stored = (sa.cast(AuditRow.before, sa.Text), sa.cast(AuditRow.after, sa.Text))
    return sa.or_(
        *(column.icontains(text, autoescape=True) for column in columns),
        *(column.icontains(each, autoescape=True) for column in stored for each in {text, escaped}),
    )
