"""The contacts 連絡者 of one corporate member in the console (M14)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.accounts import account_of
from services.members.api.contact_schemas import ContactEndSchema, ContactFormSchema
from services.members.corporations.acting import my_page_used
from services.members.corporations.contacts import (
    DUTIES,
    PERSONAL,
    Contact,
    add_contact,
    change_contact,
    end_contact,
    invite_contact,
    make_main,
    resume_contact,
)
from services.members.corporations.following import contact_of, contacts_of
from services.members.login_policy import factor_of
from services.members.models import MemberRow
from services.members.pages.changes import changes_of
from services.members.person_input import read_person
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.standings.words import ENDED
from shared.errors import NotFound, TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, running_service, unit
from shared.web.forms import Faults, form_again, load_form

pages = Blueprint("contacts", __name__, url_prefix="/members/console/members/<uuid:member>/contacts")


@pages.get("")
@allow(*MEMBERS_SEE)
def show_contacts(member: UUID) -> ResponseReturnValue:
    with reading() as uow:
        context = _of_member(uow, member)
        values = {"language": "ja", "duty": "liaison", "main": not any(c.main for c, _person in context["contacts"])}
        return render_template("members/contacts.html", values=values, **context)


@pages.post("")
@allow(*MEMBERS_CHANGE)
def add(member: UUID) -> ResponseReturnValue:
    try:
        given = read_person(load_form(ContactFormSchema))
        with unit() as uow:
            _contact, person = add_contact(uow, str(member), given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/contacts.html", error, **_of_member(uow, member))
    flash(_("%(name)s was added.", name=person.name))
    return redirect(url_for("contacts.show_contacts", member=member), 303)


@pages.get("/<uuid:id>")
@allow(*MEMBERS_SEE)
def show_contact(member: UUID, id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        contact, person = contact_of(uow, str(member), str(id))
        values = {name: getattr(person, name) for name in (*PERSONAL, "revision")} | {"duty": contact.duty}
        values["ends_on"] = uow.today
        return render_template("members/contact.html", values=values, **_of_contact(uow, (contact, person)))


@pages.post("/<uuid:id>")
@allow(*MEMBERS_CHANGE)
def change(member: UUID, id: UUID) -> ResponseReturnValue:
    try:
        given = read_person(load_form(ContactFormSchema(exclude=("main",))))
        with unit() as uow:
            contact_of(uow, str(member), str(id))
            change_contact(uow, str(id), given, revision=request.form.get("revision", type=int))
    except TsudoiError as error:
        return _again(member, id, error)
    flash(_("The changes were saved."))
    return _back(member, id)


@pages.post("/<uuid:id>/main")
@allow(*MEMBERS_CHANGE)
def choose_main(member: UUID, id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        contact_of(uow, str(member), str(id))
        _contact, person = make_main(uow, str(id))
    flash(_("%(name)s is the main contact from now on.", name=person.name))
    return redirect(url_for("contacts.show_contacts", member=member), 303)


@pages.post("/<uuid:id>/end")
@allow(*MEMBERS_CHANGE)
def end(member: UUID, id: UUID) -> ResponseReturnValue:
    try:
        day = load_form(ContactEndSchema)["ends_on"]
        with unit() as uow:
            contact_of(uow, str(member), str(id))
            end_contact(uow, str(id), day)
    except TsudoiError as error:
        return _again(member, id, error)
    flash(_("The changes were saved."))
    return _back(member, id)


@pages.post("/<uuid:id>/resume")
@allow(*MEMBERS_CHANGE)
def resume(member: UUID, id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        contact_of(uow, str(member), str(id))
        resume_contact(uow, str(id))
    flash(_("The changes were saved."))
    return _back(member, id)


@pages.post("/<uuid:id>/invite")
@allow(*MEMBERS_CHANGE)
def invite(member: UUID, id: UUID) -> ResponseReturnValue:
    """A link to set the password for the corporate My Page, now."""
    try:
        with unit() as uow:
            contact_of(uow, str(member), str(id))
            person = invite_contact(uow, str(id), public_url=running_service().settings.public_url)
    except TsudoiError as error:
        return _again(member, id, error)
    flash(_("A link to set the password is on its way to %(email)s.", email=person.email))
    return _back(member, id)


def _back(member: UUID, id: UUID) -> ResponseReturnValue:
    return redirect(url_for("contacts.show_contact", member=member, id=id), 303)


def _again(member: UUID, id: UUID, error: TsudoiError) -> ResponseReturnValue:
    """The page with what was entered, and the rest as it is known. Raises NotFound."""
    with reading() as uow:
        contact, person = contact_of(uow, str(member), str(id))
        known = {name: getattr(person, name) for name in (*PERSONAL, "revision")} | {"duty": contact.duty}
        values = {**known, "ends_on": uow.today, **request.form.to_dict()}
        context = _of_contact(uow, (contact, person))
        return render_template(
            "members/contact.html", values=values, **context, faults=Faults(error)
        ), error.kind.status


def _of_member(uow: UnitOfWork, member: UUID) -> dict[str, Any]:
    row = uow.get(MemberRow, str(member))
    if row.kind != "corporate":
        raise NotFound
    return {
        "member": row,
        "contacts": contacts_of(uow, row.id, ended=True),
        "ended": ENDED,
        "duties": DUTIES,
        "duty_choices": [(code, _(text)) for code, text in DUTIES.items()],
        "may_change": principal().may(*MEMBERS_CHANGE),
    }


def _of_contact(uow: UnitOfWork, pair: Contact) -> dict[str, Any]:
    contact, person = pair
    account = account_of(uow, person.id)
    return {
        "member": uow.get(MemberRow, contact.corporation_id),
        "contact": contact,
        "person": person,
        "account": account,
        "has_factor": account is not None and factor_of(uow, account.id) is not None,
        "is_over": person.standing in ENDED,
        "duties": DUTIES,
        "duty_choices": [(code, _(text)) for code, text in DUTIES.items()],
        "page_used": my_page_used(uow),
        "may_change": principal().may(*MEMBERS_CHANGE),
        **changes_of(uow, person.id),
    }
