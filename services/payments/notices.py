"""Providers' notices: stored raw, applied once, tried again while what they speak of is not known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite

from services.payments.models import AttemptRow, NoticeRow
from services.payments.outcomes import Contradiction, apply_charge, lock_attempt_where
from services.payments.providers.port import Notice, PaymentProvider
from shared.ids import new_id
from shared.uow import UnitOfWork

log = structlog.get_logger()

GIVE_UP = timedelta(days=3)  # as long as providers repeat themselves; then staff look


class NoticeKnown(Exception):
    """Told before: what applying it anew has changed must not be committed."""


def take_notice(uow: UnitOfWork, provider: str, notice: Notice, body: str) -> str:
    """Apply a verified notice and keep it as it came, both or neither; its state. Raises NoticeKnown."""
    row = _row(uow, provider, notice, body)
    with uow.session.no_autoflush:  # each row is written once, at the end
        _apply(uow, row, notice)
    uow.session.flush()
    if not _insert(uow, row):
        raise NoticeKnown
    return row.state


def store_notice(uow: UnitOfWork, provider: str, notice: Notice, body: str) -> str:
    """Only keep it. The id of its row: the first one's where it was told before."""
    _insert(uow, _row(uow, provider, notice, body))
    known = sa.select(NoticeRow.id).where(NoticeRow.provider == provider, NoticeRow.event_id == notice.event_id)
    return uow.session.scalars(known).one()


def apply_notice(uow: UnitOfWork, provider: PaymentProvider, notice_id: str) -> NoticeRow:
    """Let a stored notice have its effect, once. Still `waiting` afterwards where its attempt is not known (yet)."""
    row = uow.get(NoticeRow, notice_id, lock=True)
    if row.state == "waiting":
        _apply(uow, row, provider.read_notice(row.body))
    return row


def postpone_notice(uow: UnitOfWork, notice_id: str, error: Exception) -> None:
    """Applying it failed: it stays, and is tried again by the clock."""
    row = uow.get(NoticeRow, notice_id, lock=True)
    if row.state == "waiting":
        row.tries += 1
        row.reason = f"{type(error).__name__}: {error}"[:500]
        _wait(uow, row)


def waiting_notices(uow: UnitOfWork, now: datetime) -> Sequence[str]:
    """Ids of the notices that are to be tried again by now."""
    due = sa.select(NoticeRow.id).where(NoticeRow.state == "waiting", NoticeRow.next_try_at <= now)
    return uow.session.scalars(due.order_by(NoticeRow.id).limit(500)).all()


def quarantined_notices(uow: UnitOfWork) -> Sequence[NoticeRow]:
    """What staff must look at, oldest first."""
    return uow.session.scalars(
        sa.select(NoticeRow).where(NoticeRow.state == "quarantined").order_by(NoticeRow.id)
    ).all()


def release_notice(uow: UnitOfWork, notice_id: str) -> NoticeRow:
    """Staff have cleared it up with the provider: it needs no more attention and has no effect."""
    row = uow.get(NoticeRow, notice_id, lock=True)
    if row.state == "quarantined":
        row.state = "ignored"
    return row


def _row(uow: UnitOfWork, provider: str, notice: Notice, body: str) -> NoticeRow:
    return NoticeRow(
        id=new_id(),
        society_id=uow.society_id,
        provider=provider,
        event_id=notice.event_id,
        kind=notice.kind,
        reference=notice.charge.reference,
        body=body,
        state="waiting",
        tries=0,
        next_try_at=uow.now,
        received_at=uow.now,
    )


def _insert(uow: UnitOfWork, row: NoticeRow) -> bool:
    """False, and nothing happens, where the same event was told before."""
    connection = uow.session.connection()
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(NoticeRow)
    values = {column.key: getattr(row, column.key) for column in sa.inspect(NoticeRow).column_attrs}
    unique = ["society_id", "provider", "event_id"]
    return bool(connection.execute(insert.values(**values).on_conflict_do_nothing(index_elements=unique)).rowcount)


def _apply(uow: UnitOfWork, row: NoticeRow, notice: Notice) -> None:
    row.tries += 1
    attempt = lock_attempt_where(uow, _belongs(row.provider, notice))
    if attempt is None:
        _wait(uow, row)
        return
    row.attempt_id, row.next_try_at = attempt.id, None
    try:
        row.state = "applied" if apply_charge(uow, attempt, notice.charge) else "ignored"
    except Contradiction as error:
        _quarantine(row, str(error))


def _belongs(provider: str, notice: Notice) -> sa.ColumnElement[bool]:
    """By the provider's number, or by our key where the answer to our own call is still under way."""
    charge = notice.charge
    return sa.and_(
        AttemptRow.provider == provider,
        sa.or_(
            AttemptRow.reference == charge.reference,
            sa.and_(AttemptRow.reference.is_(None), AttemptRow.id == _own_key(charge.key)),
        ),
    )


def _own_key(key: str) -> str | None:
    try:
        return str(UUID(key))
    except ValueError:
        return None


def _wait(uow: UnitOfWork, row: NoticeRow) -> None:
    if uow.now - row.received_at > GIVE_UP:
        _quarantine(row, row.reason or "nothing here belongs to it")
        return
    row.next_try_at = uow.now + timedelta(seconds=min(2**row.tries, 3600))


def _quarantine(row: NoticeRow, reason: str) -> None:
    row.state, row.reason, row.next_try_at = "quarantined", reason, None
    log.error("notice quarantined", notice=row.id, provider=row.provider, reason=reason)
