"""What the access matrix knows of corporate members: their contacts, and the corporate My Page."""

from __future__ import annotations

from services.members.corporations.contacts import add_contact
from shared.identity import Role
from shared.service import RunningService
from tests.unit.members.conftest import a_member, with_account

CHANGE = (Role.ADMINISTRATOR, Role.AFFAIRS)
SEE = (*CHANGE, Role.ACCOUNTING, Role.READER)
OF_ONE = "/members/console/members/{corporation}/contacts"
PAGES = {
    OF_ONE: SEE,
    f"{OF_ONE}/{{contact}}": SEE,
    "/members/console/contacts": SEE,
    "/members/console/contacts/export.csv": SEE,
    "/members/my/corporation/edit": (Role.CONTACT,),
    "/members/api/my/corporation": (Role.CONTACT,),
    "/members/api/corporate-page": SEE,
    "/members/api/members/{corporation}/contacts": SEE,
    "/members/api/members/{corporation}/contacts/{contact}": SEE,
}
CHANGES = {
    OF_ONE: CHANGE,
    **{f"{OF_ONE}/{{contact}}{deed}": CHANGE for deed in ("", "/main", "/end", "/resume", "/invite")},
    "/members/console/contacts/my-page": CHANGE,
    "/members/my/corporation/edit": (Role.CONTACT,),
}
OTHERS = {
    "/members/api/members/<uuid:id>/contacts/<uuid:id>/main",
    "/members/api/members/<uuid:id>/contacts/<uuid:id>/end",
    "/members/api/members/<uuid:id>/contacts/<uuid:id>/invitation",
    "/members/console/contacts/export.<any(csv, xlsx):kind>",
}


def corporate_things(running: RunningService, society: str) -> dict[str, str]:
    """One of each."""
    corporation = a_member(running, society, name="海星商事", kind="corporate")
    with running.unit(society) as uow:
        _contact, person = add_contact(uow, corporation.id, {"name": "連絡 太郎"})
    account = with_account(running, society, person, None)
    return {"corporation": corporation.id, "contact": person.id, "contacts_account": account}
