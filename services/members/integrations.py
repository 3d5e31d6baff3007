"""Other programs of the society 外部連携 (W4): which there are, what each may, and their keys."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

import sqlalchemy as sa

from services.members.errors.integrations import EnoughKeys, IntegrationStopped
from services.members.models import IntegrationKeyRow, IntegrationRow
from services.members.tokens import digest, make_token
from shared import audit
from shared.capabilities import SERVICES
from shared.errors import N_, Fault, InvalidInput, NotFound
from shared.identity import Role, end_sessions
from shared.ids import new_id
from shared.messages.members import SessionsEnded
from shared.uow import UnitOfWork

# never an administrator: no program gives out roles, keys or operators' rights
ROLES = (Role.AFFAIRS, Role.ACCOUNTING, Role.EVENTS, Role.READER)
SCOPES = tuple(f"{service}:{way}" for service in SERVICES for way in ("read", "write"))
PREFIX = "tsudoi_"  # by which a key is known that lies where it should not
LIVING_KEYS = 2
DAYS_OF_A_KEY = (90, 180, 365)
SOON = timedelta(days=30)


def list_integrations(uow: UnitOfWork) -> Sequence[IntegrationRow]:
    """Those in use first, by name."""
    stopped = IntegrationRow.stopped_at.is_not(None)
    return uow.session.scalars(sa.select(IntegrationRow).order_by(stopped, IntegrationRow.name)).all()


def living_keys(uow: UnitOfWork, ids: Iterable[str]) -> Sequence[IntegrationKeyRow]:
    """Of these programs, the oldest first."""
    statement = sa.select(IntegrationKeyRow).where(
        IntegrationKeyRow.integration_id.in_(list(ids)),
        IntegrationKeyRow.removed_at.is_(None),
        IntegrationKeyRow.expires_at > uow.now,
    )
    return uow.session.scalars(statement.order_by(IntegrationKeyRow.created_at, IntegrationKeyRow.id)).all()


def add_integration(
    uow: UnitOfWork,
    *,
    name: str,
    roles: Collection[Role],
    scopes: Collection[str],
    days: int,
    id: str | None = None,
) -> tuple[IntegrationRow, str]:
    """A program with its first key, which is told this once. Raises InvalidInput."""
    _check(name, roles, scopes)
    row = uow.add(
        IntegrationRow(
            id=id or new_id(), name=name.strip(), roles=sorted(roles), scopes=_in_order(scopes), created_at=uow.now
        )
    )
    audit.record(uow, "add-integration", f"integration/{row.id}", after=_facts(row))
    uow.session.flush()
    return row, add_key(uow, row.id, days=days)


def change_integration(
    uow: UnitOfWork, id: str, *, name: str, roles: Collection[Role], scopes: Collection[str]
) -> IntegrationRow:
    """Tokens that it holds end: it asks for fresh ones, with what it may from now on.

    Raises NotFound, InvalidInput, IntegrationStopped."""
    _check(name, roles, scopes)
    row = _in_use(uow, id)
    before = _facts(row)
    row.name, row.roles, row.scopes = name.strip(), sorted(roles), _in_order(scopes)
    if _facts(row) != before:
        audit.record(uow, "change-integration", f"integration/{id}", before=before, after=_facts(row))
        _end_tokens(uow, living_keys(uow, [id]))
    return row


def stop_integration(uow: UnitOfWork, id: str) -> None:
    """For good, at once. Raises NotFound."""
    row = uow.get(IntegrationRow, id, lock=True)
    if row.stopped_at:
        return
    row.stopped_at = uow.now
    keys = living_keys(uow, [id])
    for key in keys:
        key.removed_at = uow.now
    _end_tokens(uow, keys)
    audit.record(uow, "stop-integration", f"integration/{id}", before=_facts(row))


def add_key(uow: UnitOfWork, id: str, *, days: int) -> str:
    """Another key beside the present one; told this once. Raises NotFound, IntegrationStopped, EnoughKeys."""
    _in_use(uow, id)
    if len(living_keys(uow, [id])) >= LIVING_KEYS:
        raise EnoughKeys
    secret = PREFIX + make_token(str(uow.society_id))
    key = uow.add(
        IntegrationKeyRow(
            id=new_id(),
            integration_id=id,
            secret=digest(secret),
            ending=secret[-4:],
            created_at=uow.now,
            expires_at=uow.now + timedelta(days=days),
        )
    )
    audit.record(uow, "add-integration-key", f"integration/{id}", after=_key_facts(key))
    return secret


def remove_key(uow: UnitOfWork, id: str, key_id: str) -> None:
    """At once. Raises NotFound."""
    uow.get(IntegrationRow, id, lock=True)
    key = uow.get(IntegrationKeyRow, key_id)
    if key.integration_id != id:
        raise NotFound
    if not key.lives(uow.now):
        return
    key.removed_at = uow.now
    _end_tokens(uow, [key])
    audit.record(uow, "remove-integration-key", f"integration/{id}", before=_key_facts(key))


def _in_use(uow: UnitOfWork, id: str) -> IntegrationRow:
    row = uow.get(IntegrationRow, id, lock=True)
    if row.stopped_at:
        raise IntegrationStopped
    return row


def _end_tokens(uow: UnitOfWork, keys: Collection[IntegrationKeyRow]) -> None:
    ended = tuple(key.session_id for key in keys)
    if not ended:
        return
    for key in keys:
        key.session_id = new_id()
    end_sessions(uow.session, ended, uow.now)
    uow.say(SessionsEnded(session_ids=ended, ended_at=uow.now))


def _check(name: str, roles: Collection[Role], scopes: Collection[str]) -> None:
    faults = []
    if not name.strip():
        faults.append(Fault(N_("Please fill this in."), field="name"))
    if not roles or not set(roles) <= set(ROLES):
        faults.append(Fault(N_("Please choose one or more roles."), field="roles"))
    if not scopes or not set(scopes) <= set(SCOPES):
        faults.append(Fault(N_("Please choose one or more scopes."), field="scopes"))
    if faults:
        raise InvalidInput(faults=faults)


def _in_order(scopes: Collection[str]) -> list[str]:
    return [scope for scope in SCOPES if scope in scopes]


def _facts(row: IntegrationRow) -> dict[str, object]:
    return {"integration.name": row.name, "roles": list(row.roles), "scopes": list(row.scopes)}


def _key_facts(key: IntegrationKeyRow) -> dict[str, object]:
    return {"key": f"…{key.ending}", "valid_until": key.expires_at.date().isoformat()}
