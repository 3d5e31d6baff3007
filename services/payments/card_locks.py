"""The lock on card attempts after a failed 3-D Secure check (P3): of one login only, and of cards only."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services.payments.models import AttemptRow, CardLockRow
from shared.errors import N_
from shared.ids import new_id
from shared.uow import UnitOfWork

LOCK = timedelta(minutes=30)
LOCKING = {  # failures of the identity check, and what the payer is told
    "authentication_failed": N_("The identity check of your card (3-D Secure) failed."),
    "not_enrolled": N_("This card is not registered for the identity check (3-D Secure)."),
}


def locked_until(uow: UnitOfWork, account_id: str) -> datetime | None:
    """When this login may pay by card again; None: now."""
    found = uow.session.scalars(sa.select(CardLockRow).where(CardLockRow.account_id == account_id)).one_or_none()
    return _in_force(uow, found)


def hold_card_lock(uow: UnitOfWork, account_id: str) -> datetime | None:
    """As `locked_until`, and nobody starts or fails another card attempt of this login before the commit."""
    return _in_force(uow, _hold(uow, account_id))


def lock_cards(uow: UnitOfWork, attempt: AttemptRow) -> None:
    """Close the door after a failed check, for pages of this login that are already open at the provider as well."""
    if attempt.account_id is None:
        return
    lock = _hold(uow, attempt.account_id)
    lock.locked_until, lock.reason = uow.now + LOCK, attempt.failure
    others = (
        sa.select(AttemptRow)
        .where(
            AttemptRow.account_id == attempt.account_id,
            AttemptRow.method == "card",
            AttemptRow.id != attempt.id,
            AttemptRow.state.in_(("starting", "waiting", "authorising")),
        )
        .with_for_update(skip_locked=True)  # what is locked is being decided on by itself just now
    )
    for other in uow.session.scalars(others):
        other.state, other.ended_at, other.void, other.next_ask_at = "cancelled", uow.now, True, uow.now


def _in_force(uow: UnitOfWork, lock: CardLockRow | None) -> datetime | None:
    if lock is None or lock.locked_until is None or lock.locked_until <= uow.now:
        return None
    return lock.locked_until


def _hold(uow: UnitOfWork, account_id: str) -> CardLockRow:
    connection = uow.session.connection()
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(CardLockRow)
    values = {"id": new_id(), "society_id": uow.society_id, "account_id": account_id}
    connection.execute(insert.values(**values).on_conflict_do_nothing(index_elements=["society_id", "account_id"]))
    statement = sa.select(CardLockRow).where(CardLockRow.account_id == account_id)
    return uow.session.scalars(statement.with_for_update().execution_options(populate_existing=True)).one()
