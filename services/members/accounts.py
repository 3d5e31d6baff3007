"""Accounts: who can log in, and the roles of staff. The login id is the person's e-mail address (M3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from services.members.errors.logins import LastAdministrator, OperatorApart
from services.members.members import add_guest, holder_of_email
from services.members.models import AccountRow, MemberRow
from services.members.password_links import send_link
from services.members.sessions import end_all_sessions
from shared import audit
from shared.errors import N_, Fault, InvalidInput
from shared.identity import STAFF, Role
from shared.uow import UnitOfWork


def account_of(uow: UnitOfWork, person_id: str) -> AccountRow | None:
    return uow.session.scalars(sa.select(AccountRow).where(AccountRow.person_id == person_id)).one_or_none()


def ensure_account(uow: UnitOfWork, person: MemberRow) -> AccountRow:
    """The person's account, made now if there is none yet."""
    found = account_of(uow, person.id)
    if found:
        return found
    account = uow.add(AccountRow(person_id=person.id, roles=[], created_at=uow.now))
    uow.session.flush()
    return account


def list_staff(uow: UnitOfWork) -> Sequence[tuple[AccountRow, MemberRow]]:
    """Everybody with a role in the office 事務局, by name."""
    statement = (
        sa.select(AccountRow, MemberRow)
        .join(MemberRow, MemberRow.id == AccountRow.person_id)
        .where(AccountRow.is_staff)
        .order_by(MemberRow.kana, MemberRow.name)
    )
    return [(account, person) for account, person in uow.session.execute(statement).all()]


def invite_staff(
    uow: UnitOfWork, *, email: str, name: str, roles: Collection[Role], public_url: str, language: str = "ja"
) -> AccountRow:
    """Give somebody roles in the office; without a password yet they get the link to set one by mail.

    A member with this address keeps being one person. Raises InvalidInput for roles that are not staff's,
    OperatorApart."""
    _check_roles(roles)
    person = holder_of_email(uow, email) or add_guest(uow, name=name, email=email, language=language)
    account = ensure_account(uow, person)
    if Role.OPERATOR in account.roles:
        raise OperatorApart
    before = list(account.roles)
    account.roles, account.is_staff, account.state = sorted(role.value for role in roles), True, "active"
    audit.record(uow, "invite-staff", f"account/{account.id}", before={"roles": before}, after={"roles": account.roles})
    if before != account.roles:
        end_all_sessions(uow, [account.id])
    if account.password_hash is None:
        send_link(uow, account, person, public_url=public_url, welcome=True)
    return account


def change_roles(uow: UnitOfWork, account_id: str, roles: Collection[Role]) -> AccountRow:
    """No roles: no staff any more. Their sessions end, so that nothing is done with roles that are gone (S9).

    Raises NotFound, LastAdministrator, OperatorApart, InvalidInput."""
    account = uow.get(AccountRow, account_id, lock=True)
    if roles:
        _check_roles(roles)
    if Role.OPERATOR in account.roles:
        raise OperatorApart
    before, after = list(account.roles), sorted(role.value for role in roles)
    if before == after:
        return account
    if Role.ADMINISTRATOR in before and Role.ADMINISTRATOR not in roles:
        others = (a for a, _ in list_staff(uow) if a.id != account.id and a.state == "active")
        if not any(Role.ADMINISTRATOR in other.roles for other in others):
            raise LastAdministrator
    account.roles, account.is_staff = after, bool(after)
    audit.record(uow, "change-roles", f"account/{account.id}", before={"roles": before}, after={"roles": after})
    end_all_sessions(uow, [account.id])
    return account


def _check_roles(roles: Collection[Role]) -> None:
    if not roles or not set(roles) <= STAFF:
        raise InvalidInput(faults=[Fault(N_("Please choose one or more roles of staff."), field="roles")])
