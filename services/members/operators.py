"""Operators of the installation: accounts of their own, without a role in the office and without a person's data.

Only whoever runs commands on the machine makes one, `tsudoi operator appoint EMAIL`: no page and no administrator can.
Their links to set a password are printed, never mailed, for administrators read all mail that is sent."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import sqlalchemy as sa

from services.members.accounts import account_of, ensure_account
from services.members.errors.logins import OperatorApart
from services.members.errors.societies import SocietyUnknown
from services.members.members import add_guest, holder_of_email
from services.members.models import AccountRow, PasswordLinkRow
from services.members.password_links import FOR_OPERATOR, address_of, new_link
from services.members.second_factor import remove_factor
from services.members.sessions import end_all_sessions
from services.members.tokens import make_token
from shared import audit
from shared.errors import NotFound, TsudoiError
from shared.identity import Actor, Role
from shared.service import RunningService
from shared.society import SocietyRow
from shared.uow import UnitOfWork


def appoint_operator(uow: UnitOfWork, *, email: str, name: str, public_url: str) -> str:
    """An operator's account, made now if there is none. Returns a link that sets its password; older ones are void.

    Raises OperatorApart for somebody who is a member or has a role in the office."""
    person = holder_of_email(uow, email) or add_guest(uow, name=name, email=email.lower())
    account = ensure_account(uow, person)
    if person.kind != "guest" or account.is_staff:
        raise OperatorApart
    if account.roles != [Role.OPERATOR.value]:
        account.roles, account.state, account.password_hash = [Role.OPERATOR.value], "active", None
        audit.record(uow, "appoint-operator", f"account/{account.id}")
    _void_links(uow, account)
    token = make_token(str(uow.society_id))
    link = new_link(uow, account.id, person.email or "", token, welcome=True)
    link.purpose = FOR_OPERATOR
    uow.add(link)
    return address_of(public_url, token)


def dismiss_operator(uow: UnitOfWork, *, email: str) -> None:
    """Their sessions end at once. Raises NotFound."""
    person = holder_of_email(uow, email)
    account = account_of(uow, person.id) if person else None
    if account is None or Role.OPERATOR not in account.roles:
        raise NotFound
    account.roles, account.password_hash = [], None
    _void_links(uow, account)
    audit.record(uow, "dismiss-operator", f"account/{account.id}")
    end_all_sessions(uow, [account.id])


def unlock(uow: UnitOfWork, *, email: str) -> None:
    """Switch off two-step login for whoever has lost phone and spare codes and has nobody in the office to ask: the
    only administrator, an operator. Their sessions end. Raises NotFound."""
    person = holder_of_email(uow, email)
    account = account_of(uow, person.id) if person else None
    if account is None:
        raise NotFound
    remove_factor(uow, account.id)


def _void_links(uow: UnitOfWork, account: AccountRow) -> None:
    links = sa.update(PasswordLinkRow).where(
        PasswordLinkRow.account_id == account.id, PasswordLinkRow.superseded_at.is_(None)
    )
    uow.session.execute(links.values(superseded_at=uow.now))


def main(running: RunningService, argv: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="tsudoi operator", description="who may use the pages for operators")
    verbs = "unlock: switches off the two-step login of whoever lost phone and spare codes"
    parser.add_argument("verb", choices=("appoint", "dismiss", "unlock"), help=verbs)
    parser.add_argument("email")
    parser.add_argument("--name", default="", help="of a new one; otherwise the address")
    parser.add_argument("--society", metavar="SLUG", help="in which the account lives, where there are several")
    known = parser.parse_args(argv)
    try:
        actor = Actor.at_terminal("tsudoi operator")
        with running.unit(_society(running, known.society), actor=actor) as uow:
            if known.verb == "dismiss":
                dismiss_operator(uow, email=known.email)
                print(f"{known.email} is no operator any more")
                return 0
            if known.verb == "unlock":
                unlock(uow, email=known.email)
                print(f"{known.email} logs in without a second step, and should set it up anew")
                return 0
            name = known.name or known.email
            link = appoint_operator(uow, email=known.email, name=name, public_url=running.settings.public_url)
    except TsudoiError as error:
        print(f"tsudoi operator: {error}", file=sys.stderr)
        return 1
    print(f"{known.email} is an operator. This link sets the password, once, within 24 hours:\n{link}")
    return 0


def _society(running: RunningService, slug: str | None) -> str:
    """Raises SocietyUnknown where it is not clear which one is meant."""
    with running.session(reading=True) as session:
        found = list(session.execute(sa.select(SocietyRow.id, SocietyRow.slug)))
    meant = [id for id, known in found if slug in (None, known)]
    if len(meant) != 1:
        raise SocietyUnknown
    return str(meant[0])
