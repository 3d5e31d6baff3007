"""The first start: while there is no society, a one-time link leads to the page that makes it and its administrator."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from services.members.accounts import ensure_account
from services.members.errors.societies import SetupLinkUnusable
from services.members.members import add_guest
from services.members.models import AccountRow, SetupLinkRow
from services.members.societies import create_society
from services.members.tokens import digest
from shared import audit, clock
from shared.identity import Role
from shared.service import RunningService
from shared.uow import UnitOfWork

VALID = timedelta(hours=24)


def setup_link(running: RunningService, public_url: str) -> str | None:
    """A fresh link to set up the installation; older ones are void. None once there is a society."""
    if running.societies():
        return None
    token = secrets.token_urlsafe(32)
    with running.session() as session:
        session.execute(sa.delete(SetupLinkRow))
        session.add(SetupLinkRow(secret=digest(token), expires_at=clock.now() + VALID))
    return f"{public_url.rstrip('/')}/members/setup/{token}"


def check_setup_token(running: RunningService, token: str) -> None:
    """Raises SetupLinkUnusable."""
    with running.session(reading=True) as session:
        row = session.get(SetupLinkRow, digest(token))
    if row is None or row.expires_at <= clock.now() or running.societies():
        raise SetupLinkUnusable


def found_society(
    uow: UnitOfWork,
    token: str,
    *,
    society: dict[str, Any],
    name: str,
    email: str,
    password_hash: str,
    language: str = "ja",
) -> AccountRow:
    """The society and its first administrator; uses the link up in the same transaction. Raises SetupLinkUnusable."""
    statement = sa.delete(SetupLinkRow).where(SetupLinkRow.secret == digest(token), SetupLinkRow.expires_at > uow.now)
    used = uow.session.execute(statement, execution_options={"synchronize_session": False})
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise SetupLinkUnusable
    create_society(uow, **society)
    account = ensure_account(uow, add_guest(uow, name=name, email=email, language=language))
    account.roles, account.is_staff, account.password_hash = [Role.ADMINISTRATOR.value], True, password_hash
    audit.record(uow, "found-society", f"account/{account.id}")
    return account
