"""Logging in: the same answer after the same time whether or not somebody has that address (S6)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from services.members import throttle
from services.members.corporations.acting import refuse_while_closed
from services.members.errors.logins import LoginFailed, LoginNotBegun
from services.members.login_policy import factor_of
from services.members.models import AccountRow, HalfLoginRow, MemberRow
from services.members.passwords import check_strength, hash_password, is_right
from services.members.second_factor import check_code
from services.members.sessions import Opened, end_all_sessions, open_session, principal_of, society_of_cookie
from services.members.tokens import digest
from shared import audit
from shared.errors import N_, Fault, InvalidInput
from shared.identity import Principal
from shared.service import RunningService
from shared.uow import UnitOfWork

BETWEEN = timedelta(minutes=10)  # the password and the code


@dataclass(frozen=True)
class Attempt:
    society_id: str
    email: str
    password: str
    place: str  # the address that the request came from
    user_agent: str = ""


@dataclass(frozen=True)
class HalfOpened:
    """The password was right, and a code is to follow: `cookie` is told once, to the browser."""

    cookie: str


def log_in(running: RunningService, attempt: Attempt) -> Opened | HalfOpened:
    """A new session, or its first half. The password is verified between two transactions: nobody waits for argon2
    with a lock.

    Raises LoginFailed, TooManyAttempts, CorporatePageClosed."""
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


def finish_login(running: RunningService, cookie: str | None, code: str, *, user_agent: str) -> Opened:
    """The second half: the code of an app, or a spare one.

    Raises LoginNotBegun, WrongCode, TooManyAttempts."""
    society = society_of_cookie(cookie)
    if society is None or cookie is None:
        raise LoginNotBegun
    with running.unit(society, reading=True) as uow:
        half = _half(uow, cookie)
    check_code(running, society, half.account_id, code)
    with running.unit(society) as uow:
        half = _half(uow, cookie, lock=True)
        opened = _open(uow, half.account_id, half.verified, user_agent, with_code=True)
        uow.session.delete(half)
    if not isinstance(opened, Opened):
        raise LoginNotBegun
    return opened


def forget_half_logins(uow: UnitOfWork) -> None:
    """Due work: those that nobody finished."""
    uow.session.execute(sa.delete(HalfLoginRow).where(HalfLoginRow.expires_at < uow.now))


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


def _half(uow: UnitOfWork, cookie: str, *, lock: bool = False) -> HalfLoginRow:
    statement = sa.select(HalfLoginRow).where(HalfLoginRow.secret == digest(cookie.partition(".")[2]))
    row = uow.session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if row is None or row.expires_at <= uow.now:
        raise LoginNotBegun
    return row


def _open(
    uow: UnitOfWork, account_id: str, verified: str | None, user_agent: str, *, with_code: bool = False
) -> Opened | HalfOpened | None:
    account = uow.get(AccountRow, account_id)
    if account.state != "active" or account.password_hash != verified:  # changed while we verified
        return None
    if not principal_of(uow, account, account.id).roles:
        refuse_while_closed(uow, uow.get(MemberRow, account.person_id))
        return None
    if with_code or factor_of(uow, account.id) is None:
        return open_session(uow, account, user_agent=user_agent)
    secret = secrets.token_urlsafe(32)
    uow.add(
        HalfLoginRow(
            secret=digest(secret), account_id=account.id, verified=verified or "", expires_at=uow.now + BETWEEN
        )
    )
    return HalfOpened(f"{uow.society_id}.{secret}")
