"""The corporate My Page 法人マイページ: a contact sees the corporate member and its contacts, and edits what is their
own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.contact_schemas import ContactFormSchema
from services.members.categories import category_by_code
from services.members.corporations.acting import own_person_id
from services.members.corporations.contacts import DUTIES, OWN, change_own_data
from services.members.corporations.following import contacts_of
from services.members.models import MemberRow
from services.members.pages.words import BADGES
from services.members.person_input import read_person
from shared.errors import TsudoiError
from shared.identity import Role
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form
from shared.web.i18n import LANGUAGES

pages = Blueprint("my_corporation", __name__, url_prefix="/members/my/corporation")


@pages.get("/edit")
@allow(Role.CONTACT)
def show_editing() -> ResponseReturnValue:
    with reading() as uow:
        me = uow.get(MemberRow, own_person_id(uow, principal()))
        values = {name: getattr(me, name) for name in OWN}
        return render_template("members/my_corporation_form.html", values=values, languages_of=LANGUAGES)


@pages.post("/edit")
@allow(Role.CONTACT)
def edit() -> ResponseReturnValue:
    try:
        given = read_person(load_form(ContactFormSchema(only=OWN)))
        with unit() as uow:
            change_own_data(uow, own_person_id(uow, principal()), given)
    except TsudoiError as error:
        return form_again("members/my_corporation_form.html", error, languages_of=LANGUAGES)
    flash(_("Your changes were saved."))
    return redirect(url_for("my.profile"), 303)


def own_corporation(uow: UnitOfWork) -> dict[str, Any]:
    """What stands on the contact's profile."""
    corporation = uow.get(MemberRow, str(principal().person_id))
    return {
        "corporation": corporation,
        "category": category_by_code(uow, corporation.category),
        "contacts": contacts_of(uow, corporation.id),
        "me": uow.get(MemberRow, own_person_id(uow, principal())),
        "duties": DUTIES,
        "badges_of": BADGES,
    }
