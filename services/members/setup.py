"""The one-time links to the first administrator: of an empty installation, which makes its society in the same step,
and of each society that an operator has made."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.members.accounts import ensure_account, list_staff
from services.members.errors.societies import SetupLinkOver, SetupLinkUnusable, SocietyHasAdministrator
from services.members.members import add_guest
from services.members.models import AccountRow, SetupLinkRow
from services.members.societies import create_society
from services.members.tokens import digest
from shared import audit, clock
from shared.identity import Role
from shared.service import RunningService
from shared.society import SocietyRow
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
    return _address(public_url, token)


def issue_setup_link(uow: UnitOfWork, *, public_url: str, days: int) -> str:
    """A fresh link to the first administrator of this society; older ones are void. Raises SocietyHasAdministrator."""
    if has_administrator(uow):
        raise SocietyHasAdministrator
    token = secrets.token_urlsafe(32)
    uow.session.execute(sa.delete(SetupLinkRow).where(SetupLinkRow.for_society == uow.society_id))
    expires = uow.now + timedelta(days=days)
    uow.add(SetupLinkRow(secret=digest(token), expires_at=expires, for_society=uow.society_id))
    audit.record(uow, "issue-setup-link", f"society/{uow.society.slug}", after={"days": days})
    return _address(public_url, token)


def link_valid_until(uow: UnitOfWork) -> datetime | None:
    """Of the link to this society's first administrator, while somebody may still use it."""
    open_until = sa.select(SetupLinkRow.expires_at).where(
        SetupLinkRow.for_society == uow.society_id, SetupLinkRow.expires_at > uow.now
    )
    return uow.session.scalar(open_until)


def has_administrator(uow: UnitOfWork) -> bool:
    """Somebody who can log in and invite all others."""
    return any(Role.ADMINISTRATOR in account.roles and account.password_hash for account, _ in list_staff(uow))


def check_setup_token(running: RunningService, token: str) -> SocietyRow | None:
    """The society that a link is for; None: it is still to be made. Raises SetupLinkUnusable."""
    with running.session(reading=True) as session:
        row = session.get(SetupLinkRow, digest(token))
        society = session.get(SocietyRow, row.for_society) if row and row.for_society else None
    empty = not running.societies()
    if row is None or row.expires_at <= clock.now() or (society is None and not empty):
        raise SetupLinkUnusable if empty else SetupLinkOver
    return society


def found_society(
    uow: UnitOfWork,
    token: str,
    *,
    society: dict[str, Any] | None,
    name: str,
    email: str,
    password_hash: str,
    language: str = "ja",
) -> AccountRow:
    """The first administrator; `society` is what theirs is made from, None where an operator has made it. Uses the link
    up in the same transaction. Raises SetupLinkUnusable, SocietyHasAdministrator."""
    fitting = SetupLinkRow.for_society.is_(None) if society else SetupLinkRow.for_society == uow.society_id
    statement = sa.delete(SetupLinkRow).where(
        SetupLinkRow.secret == digest(token), SetupLinkRow.expires_at > uow.now, fitting
    )
    used = uow.session.execute(statement, execution_options={"synchronize_session": False})
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise SetupLinkUnusable if society else SetupLinkOver
    if society:
        create_society(uow, **society)
    elif has_administrator(uow):
        raise SocietyHasAdministrator
    account = ensure_account(uow, add_guest(uow, name=name, email=email, language=language))
    account.roles, account.is_staff, account.password_hash = [Role.ADMINISTRATOR.value], True, password_hash
    audit.record(uow, "found-society", f"account/{account.id}")
    return account


def _address(public_url: str, token: str) -> str:
    return f"{public_url.rstrip('/')}/members/setup/{token}"
