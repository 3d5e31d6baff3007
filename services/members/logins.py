"""Logging in: the same answer after the same time whether or not somebody has that address (S6)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from services.members import throttle
from services.members.errors import LoginFailed
from services.members.models import AccountRow, MemberRow
from services.members.passwords import check_strength, hash_password, is_right
from services.members.sessions import Opened, end_all_sessions, open_session, principal_of
from shared import audit
from shared.errors import N_, Fault, InvalidInput
from shared.identity import Principal
from shared.service import RunningService
from shared.uow import UnitOfWork


@dataclass(frozen=True)
class Attempt:
    society_id: str
    email: str
    password: str
    place: str  # the address that the request came from
    user_agent: str = ""


def log_in(running: RunningService, attempt: Attempt) -> Opened:
    """A new session. The password is verified between two transactions: nobody waits for argon2 with a lock.

    Raises LoginFailed, TooManyAttempts."""
    email = attempt.email.strip().lower()
    limits = throttle.login_limits(email, attempt.place)
    with running.unit(attempt.society_id, reading=True) as uow:
        throttle.check(uow, limits)
        account = _account_by_email(uow, email)
        known = account.password_hash if account and account.state == "active" else None
    right = is_right(attempt.password, known)
    with running.unit(attempt.society_id) as uow:
        opened = _open(uow, account.id, known, attempt.user_agent) if right and account else None
        if opened is None:
            throttle.count(uow, limits)
        else:
            throttle.forgive(uow, limits[:1])
    if opened is None:
        raise LoginFailed
    return opened


def check_own_password(running: RunningService, who: Principal, password: str, *, field: str) -> str:
    """Is it really they who sit there? Returns their e-mail address. Raises InvalidInput for this field,
    TooManyAttempts."""
    with running.unit(who.society_id, reading=True) as uow:
        account = uow.get(AccountRow, who.account_id)
        email = uow.get(MemberRow, account.person_id).email or ""
        limits = throttle.account_limits(email)
        throttle.check(uow, limits)
    if not is_right(password, account.password_hash):
        with running.unit(who.society_id) as uow:
            throttle.count(uow, limits)
        raise InvalidInput(faults=[Fault(N_("This is not your present password."), field=field)])
    return email


def change_password(running: RunningService, who: Principal, *, old: str, new: str) -> None:
    """One's own password; all other sessions end. Raises InvalidInput, PasswordTooWeak, TooManyAttempts."""
    check_strength(new, check_own_password(running, who, old, field="old"))
    hashed = hash_password(new)
    with running.unit(who.society_id, actor=who.actor) as uow:
        uow.get(AccountRow, who.account_id, lock=True).password_hash = hashed
        end_all_sessions(uow, [who.account_id], but=who.session_id)
        audit.record(uow, "change-password", f"account/{who.account_id}")


def _account_by_email(uow: UnitOfWork, email: str) -> AccountRow | None:
    statement = (
        sa.select(AccountRow).join(MemberRow, MemberRow.id == AccountRow.person_id).where(MemberRow.email == email)
    )
    return uow.session.scalars(statement).one_or_none()


def _open(uow: UnitOfWork, account_id: str, verified: str | None, user_agent: str) -> Opened | None:
    account = uow.get(AccountRow, account_id)
    if account.state != "active" or account.password_hash != verified:  # changed while we verified
        return None
    if not principal_of(uow, account, account.id).roles:
        return None
    return open_session(uow, account, user_agent=user_agent)
