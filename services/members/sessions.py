"""Login sessions: server-side rows, so that logout and a new password end them at once, everywhere (S9)."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from services.members.corporations.acting import own_side
from services.members.login_policy import must_set_up
from services.members.models import AccountRow, LoginSessionRow, MemberRow
from services.members.tokens import digest
from shared import clock
from shared.errors import NotFound
from shared.identity import PAYERS, TOKEN_LIFETIME, Principal, Role, end_sessions
from shared.messages.members import SessionsEnded
from shared.service import RunningService
from shared.uow import UnitOfWork

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=14)
SEEN_EVERY = timedelta(minutes=5)
IN_A_MESSAGE = 1_000  # ids; a message holds some thousands
SECRET_LENGTH = 43  # 32 bytes in base64url


@dataclass(frozen=True)
class Opened:
    """A fresh session: `cookie` is told once, to the browser."""

    session_id: str
    cookie: str
    principal: Principal


def open_session(uow: UnitOfWork, account: AccountRow, *, user_agent: str = "") -> Opened:
    """A new session, with an id of its own whatever the browser held before."""
    secret = secrets.token_urlsafe(32)
    row = LoginSessionRow(
        secret=digest(secret),
        account_id=account.id,
        created_at=uow.now,
        last_seen_at=uow.now,
        expires_at=uow.now + LONGEST,
        user_agent=user_agent[:300],
    )
    uow.add(row)
    uow.session.flush()
    return Opened(row.id, f"{uow.society_id}.{secret}", principal_of(uow, account, row.id))


def society_of_cookie(cookie: str | None) -> str | None:
    """The society that a session cookie names; None if it is malformed."""
    society, _, secret = (cookie or "").partition(".")
    if len(secret) != SECRET_LENGTH:
        return None
    try:
        return str(uuid.UUID(society))
    except ValueError:
        return None


def living_session(uow: UnitOfWork, cookie: str) -> LoginSessionRow | None:
    """The session of a cookie, while it lives: not ended, not idle for too long, not too old."""
    secret = cookie.partition(".")[2]
    row = uow.session.scalars(sa.select(LoginSessionRow).where(LoginSessionRow.secret == digest(secret))).one_or_none()
    if row is None or row.ended_at or row.expires_at <= uow.now or row.last_seen_at <= uow.now - IDLE:
        return None
    return row


def renew_session(running: RunningService, cookie: str | None) -> Principal | None:
    """Who is behind a cookie now, with today's roles; None when the session is over or nothing is allowed any more.

    Writes only now and then, that it was seen: pages renew every few minutes."""
    society = society_of_cookie(cookie)
    if society is None or cookie is None:
        return None
    with running.unit(society, reading=True) as uow:
        row = living_session(uow, cookie)
        account = uow.get(AccountRow, row.account_id) if row else None
        who = principal_of(uow, account, row.id) if row and account else None
        if row is None or account is None or who is None or account.state != "active" or not who.roles:
            return None
        was_seen = row.last_seen_at
    if was_seen < clock.now() - SEEN_EVERY:
        with running.unit(society) as uow:
            uow.get(LoginSessionRow, row.id, lock=True).last_seen_at = uow.now
    return who


def principal_of(uow: UnitOfWork, account: AccountRow, session_id: str) -> Principal:
    """The roles of staff, and what the person may as a member. A guest who is staff has nothing on My Page; a contact
    is there for the corporate member."""
    person = uow.get(MemberRow, account.person_id)
    roles = {Role(role) for role in account.roles}
    own, acts_for = own_side(uow, person)
    if must_set_up(uow, account):
        roles = set() if own else {Role.GUEST}  # nothing of the office before it is set up
    if own and not (own is Role.GUEST and roles):
        roles.add(own)
    return Principal(
        account_id=account.id,
        session_id=session_id,
        society_id=uow.society_id,
        person_id=acts_for if roles & PAYERS else None,
        roles=frozenset(roles),
        name=person.name,
        language=person.language,
    )


def end_session(uow: UnitOfWork, session_id: str) -> None:
    """Logout. Everybody refuses its tokens from now on (SessionsEnded)."""
    _end(uow, sa.select(LoginSessionRow).where(LoginSessionRow.id == session_id))


def living_sessions(uow: UnitOfWork, account_id: str) -> Sequence[LoginSessionRow]:
    """Where somebody is logged in, the latest first."""
    alive = (
        LoginSessionRow.ended_at.is_(None),
        LoginSessionRow.expires_at > uow.now,
        LoginSessionRow.last_seen_at > uow.now - IDLE,
    )
    statement = sa.select(LoginSessionRow).where(LoginSessionRow.account_id == account_id, *alive)
    return uow.session.scalars(statement.order_by(LoginSessionRow.last_seen_at.desc())).all()


def end_own_session(uow: UnitOfWork, account_id: str, session_id: str) -> None:
    """Raises NotFound."""
    if uow.get(LoginSessionRow, session_id).account_id != account_id:
        raise NotFound
    end_session(uow, session_id)


def end_all_sessions(uow: UnitOfWork, account_ids: Sequence[str], *, but: str | None = None) -> None:
    """After a new password, new roles or leaving: all sessions of these accounts, except perhaps one."""
    which = sa.select(LoginSessionRow).where(LoginSessionRow.account_id.in_(account_ids))
    _end(uow, which.where(LoginSessionRow.id != but) if but else which)


def forget_old_sessions(uow: UnitOfWork) -> None:
    """Due work: sessions that ended or expired a month ago."""
    uow.session.execute(sa.delete(LoginSessionRow).where(LoginSessionRow.expires_at < uow.now - timedelta(days=30)))


def _end(uow: UnitOfWork, which: sa.Select[LoginSessionRow]) -> None:
    living = (
        LoginSessionRow.ended_at.is_(None),
        LoginSessionRow.expires_at > uow.now,
        LoginSessionRow.last_seen_at > uow.now - IDLE - TOKEN_LIFETIME,
    )
    rows = uow.session.scalars(which.where(*living)).all()
    for row in rows:
        row.ended_at = uow.now
    for start in range(0, len(rows), IN_A_MESSAGE):
        ids = tuple(row.id for row in rows[start : start + IN_A_MESSAGE])
        end_sessions(uow.session, ids, uow.now)
        uow.say(SessionsEnded(session_ids=ids, ended_at=uow.now))
