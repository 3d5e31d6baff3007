"""Links that set a password (M11, S7): mailed to the registered address, valid 24 hours, once, and only the newest."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from services.members.errors.links import AddressChanged, LinkUnusable, LinkUsed
from services.members.models import AccountRow, MemberRow, PasswordLinkRow
from services.members.sessions import end_all_sessions
from services.members.throttle import account_limits, forgive
from services.members.tokens import VALID, digest, make_token, refuse_if_over
from shared import audit
from shared.identity import Role
from shared.messages.members import PasswordResetStarted
from shared.uow import UnitOfWork

FOR_OPERATOR = "operator"  # purpose of the only links that set an operator's password: they are never mailed


def address_of(public_url: str, token: str) -> str:
    return f"{public_url.rstrip('/')}/members/password/{token}"


def send_link(
    uow: UnitOfWork,
    account: AccountRow,
    person: MemberRow,
    *,
    public_url: str,
    welcome: bool = False,
    bulk: bool = False,
) -> None:
    """Make a link and have it mailed (PasswordResetStarted); older links are void from now on."""
    older = sa.update(PasswordLinkRow).where(
        PasswordLinkRow.account_id == account.id,
        PasswordLinkRow.used_at.is_(None),
        PasswordLinkRow.superseded_at.is_(None),
    )
    uow.session.execute(older.values(superseded_at=uow.now))
    token = make_token(str(uow.society_id))
    link = new_link(uow, account.id, person.email or "", token, welcome=welcome)
    uow.add(link)
    account.invited_at = uow.now if welcome else account.invited_at
    uow.say(link_message(person.id, link, public_url, token, staff=account.is_staff), bulk=bulk)


def new_link(uow: UnitOfWork, account_id: str, email: str, token: str, *, welcome: bool) -> PasswordLinkRow:
    return PasswordLinkRow(
        secret=digest(token),
        account_id=account_id,
        purpose="welcome" if welcome else "reissue",
        address=email,
        created_at=uow.now,
        expires_at=uow.now + VALID,
    )


def link_message(
    person_id: str, link: PasswordLinkRow, public_url: str, token: str, *, staff: bool
) -> PasswordResetStarted:
    return PasswordResetStarted(
        person_id=person_id,
        account_id=link.account_id,
        link=address_of(public_url, token),
        expires_at=link.expires_at,
        welcome=link.purpose == "welcome",
        staff=staff,
    )


def look_at_link(uow: UnitOfWork, token: str, *, lock: bool = False) -> tuple[PasswordLinkRow, MemberRow]:
    """A link that can be used, and its person. Raises the LinkUnusable that says what is wrong. Changes nothing."""
    statement = sa.select(PasswordLinkRow).where(PasswordLinkRow.secret == digest(token))
    link = uow.session.scalars(statement.with_for_update() if lock else statement).one_or_none()
    if link is None:
        raise LinkUnusable
    if link.used_at:
        raise LinkUsed
    refuse_if_over(link.superseded_at, link.expires_at, uow.now)
    account = uow.get(AccountRow, link.account_id)
    if (Role.OPERATOR in account.roles) != (link.purpose == FOR_OPERATOR):
        raise LinkUnusable
    person = uow.get(MemberRow, account.person_id)
    if person.email != link.address:
        raise AddressChanged
    return link, person


def use_link(uow: UnitOfWork, token: str, password_hash: str) -> AccountRow:
    """Set the password, once. All sessions end, and failed logins are forgiven. Raises LinkUnusable."""
    link, person = look_at_link(uow, token, lock=True)
    account = uow.get(AccountRow, link.account_id, lock=True)
    link.used_at = uow.now
    account.password_hash = password_hash
    end_all_sessions(uow, [account.id])
    forgive(uow, account_limits(person.email or ""))
    audit.record(uow, "set-password", f"account/{account.id}")
    return account


def forget_old_links(uow: UnitOfWork) -> None:
    """Due work: links that expired a month ago; until then they still say why they cannot be used."""
    uow.session.execute(sa.delete(PasswordLinkRow).where(PasswordLinkRow.expires_at < uow.now - timedelta(days=30)))
