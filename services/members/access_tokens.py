"""Access tokens for other programs: a key against ten minutes (OAuth 2.0 client credentials, RFC 6749 section 4.4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.members import throttle
from services.members.errors.integrations import IntegrationRefused
from services.members.errors.links import LinkUnusable
from services.members.integrations import PREFIX
from services.members.models import IntegrationKeyRow, IntegrationRow
from services.members.tokens import digest, society_of_token
from shared import clock
from shared.identity import Principal, Role
from shared.service import RunningService
from shared.society import SocietyRow
from shared.uow import UnitOfWork

USED_EVERY = timedelta(minutes=5)  # seldom enough that asking for tokens costs no write


def principal_of_key(running: RunningService, id: str, secret: str, *, place: str) -> Principal:
    """The program behind a key, with all that it may today. Raises IntegrationRefused, TooManyAttempts."""
    society = _society(secret)
    limits = throttle.key_limits(place)
    with running.unit(society, reading=True) as uow:
        if uow.session.get(SocietyRow, society) is None:
            raise IntegrationRefused
        found = _living(uow, id, secret)
        if found is None:  # never for a right key: others behind the same address may have a wrong one
            throttle.check(uow, limits)
    if found is None:
        with running.unit(society) as uow:
            throttle.count(uow, limits)
        raise IntegrationRefused
    row, key = found
    if key.last_used_at is None or key.last_used_at < clock.now() - USED_EVERY:
        with running.unit(society) as uow:
            uow.get(IntegrationKeyRow, key.id, lock=True).last_used_at = uow.now
    return Principal(
        account_id=row.id,
        session_id=key.session_id,
        society_id=society,
        person_id=None,
        roles=frozenset(Role(role) for role in row.roles),
        name=row.name,
        scopes=frozenset(row.scopes),
    )


def last_used(keys: Collection[IntegrationKeyRow]) -> datetime | None:
    """Within five minutes."""
    return max((key.last_used_at for key in keys if key.last_used_at), default=None)


def _society(secret: str) -> str:
    try:
        return society_of_token(secret.removeprefix(PREFIX))
    except LinkUnusable as error:
        raise IntegrationRefused from error


def _living(uow: UnitOfWork, id: str, secret: str) -> tuple[IntegrationRow, IntegrationKeyRow] | None:
    statement = (
        sa.select(IntegrationRow, IntegrationKeyRow)
        .join(IntegrationKeyRow, IntegrationKeyRow.integration_id == IntegrationRow.id)
        .where(IntegrationKeyRow.secret == digest(secret))
    )
    found = uow.session.execute(statement).one_or_none()
    if found is None or found[0].id != id or found[0].stopped_at or not found[1].lives(uow.now):
        return None
    return found[0], found[1]
