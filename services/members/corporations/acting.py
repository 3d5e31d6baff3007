"""For whom somebody acts: a contact 連絡者 for their corporate member, everybody else for themselves."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from services.members.errors.corporations import CorporatePageClosed
from services.members.models import AccountRow, ContactRow, CorporateSettingsRow, MemberRow
from services.members.standings.words import ENDED, role_of
from shared.identity import Principal, Role
from shared.uow import UnitOfWork


def my_page_used(uow: UnitOfWork) -> bool:
    """Does the society use the corporate My Page?"""
    row = uow.session.get(CorporateSettingsRow, uow.society_id)
    return bool(row and row.my_page)


def corporation_of(uow: UnitOfWork, contact_id: str, *, lock: bool = False) -> MemberRow:
    """The corporate member for which a contact speaks. Raises NotFound."""
    return uow.get(MemberRow, uow.get(ContactRow, contact_id).corporation_id, lock=lock)


def own_side(uow: UnitOfWork, person: MemberRow) -> tuple[Role | None, str]:
    """What a person may on My Page (None: nothing any more), and the id of whom they do it for."""
    if person.kind != "contact":
        return role_of(person.kind, person.standing), person.id
    corporation = corporation_of(uow, person.id)
    is_over = person.standing in ENDED or corporation.standing in ENDED or corporation.kind != "corporate"
    if is_over or not my_page_used(uow):
        return None, person.id
    return Role.CONTACT, corporation.id


def refuse_while_closed(uow: UnitOfWork, person: MemberRow) -> None:
    """For a contact who could come in if the society used the corporate My Page. Raises CorporatePageClosed."""
    if person.kind == "contact" and person.standing not in ENDED and not my_page_used(uow):
        raise CorporatePageClosed


def own_person_id(uow: UnitOfWork, who: Principal) -> str:
    """Who somebody is, whomever they act for."""
    return uow.get(AccountRow, who.account_id).person_id if who.may(Role.CONTACT) else str(who.person_id)


def logins_of(uow: UnitOfWork, person_ids: Sequence[str] | sa.Select[str]) -> list[str]:
    """Accounts of these people (ids, or what selects them), and of whoever acts for them."""
    own = sa.select(AccountRow.id).where(AccountRow.person_id.in_(person_ids))
    of_contacts = sa.select(AccountRow.id).join(ContactRow, ContactRow.id == AccountRow.person_id)
    acting = of_contacts.where(ContactRow.corporation_id.in_(person_ids))
    return [*uow.session.scalars(own), *uow.session.scalars(acting)]
