"""My Page 会員マイページ: home, and one's own contact data."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.members.categories import category_by_code
from services.members.custom_fields.finding import own_fields, shown_fields
from services.members.members import OWN_CONTACT, change_own_contact
from services.members.models import MemberRow
from services.members.pages.addresses import asks_for_address, with_address
from services.members.pages.custom_input import facts, input_values, typed
from services.members.pages.my_announcements import announcements_at_home
from services.members.pages.my_corporation import own_corporation
from services.members.pages.words import BADGES
from services.members.person_input import read_about_oneself
from services.members.roles import OWN_PROFILE, OWN_PROFILE_CHANGE
from services.members.standings.words import CURRENT
from shared.errors import TsudoiError
from shared.identity import Role
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form
from shared.web.i18n import LANGUAGES, language

pages = Blueprint("my", __name__, url_prefix="/members/my")


class ContactSchema(Schema):
    language = fields.String(required=True, validate=validate.OneOf(list(LANGUAGES)))
    affiliation = fields.String(load_default="", validate=validate.Length(max=500))
    postcode = fields.String(load_default="", validate=validate.Length(max=20))
    address = fields.String(load_default="", validate=validate.Length(max=500))
    phone = fields.String(load_default="", validate=validate.Length(max=40))


@pages.get("/")
@allow(*OWN_PROFILE)
def home() -> ResponseReturnValue:
    with reading() as uow:
        mine = _mine(uow)
        return render_template("members/my_home.html", **mine, **announcements_at_home(uow, mine["me"]))


@pages.get("/profile")
@allow(*OWN_PROFILE)
def profile() -> ResponseReturnValue:
    with reading() as uow:
        if principal().may(Role.CONTACT):
            return render_template("members/my_corporation.html", **own_corporation(uow))
        mine = _mine(uow)
        told = facts(shown_fields(uow, mine["me"]), mine["me"].custom)
        return render_template("members/my_profile.html", **mine, custom_facts=told)


@pages.get("/profile/edit")
@allow(*OWN_PROFILE_CHANGE)
def show_editing() -> ResponseReturnValue:
    with reading() as uow:
        me = uow.get(MemberRow, str(principal().person_id))
        form = _form(uow, me)
        values = {name: getattr(me, name) for name in OWN_CONTACT if name != "custom"}
        values |= input_values(form["custom_fields"], me.custom)
        return render_template("members/my_profile_form.html", values=values, **form)


@pages.post("/profile/edit")
@allow(*OWN_PROFILE_CHANGE)
def edit() -> ResponseReturnValue:
    with reading() as uow:
        form = _form(uow, uow.get(MemberRow, str(principal().person_id)))
    if asks_for_address():
        return with_address("members/my_profile_form.html", **form)
    fields = form["custom_fields"]
    try:
        given = read_about_oneself({**load_form(ContactSchema), "custom": typed(fields)}, fields, language())
        with unit() as uow:
            change_own_contact(uow, str(principal().person_id), given)
    except TsudoiError as error:
        return form_again("members/my_profile_form.html", error, **form)
    flash(_("Your changes were saved."))
    return redirect(url_for("my.profile"), 303)


def _form(uow: UnitOfWork, me: MemberRow) -> dict[str, Any]:
    return {"languages_of": LANGUAGES, "custom_fields": own_fields(uow, me)}


def _mine(uow: UnitOfWork) -> dict[str, Any]:
    me = uow.get(MemberRow, str(principal().person_id))
    return {
        "me": me,
        "reader": principal().name if principal().may(Role.CONTACT) else "",
        "category": category_by_code(uow, me.category),
        "badges_of": BADGES,
        "has_card": principal().may(Role.MEMBER) and me.standing in CURRENT,
    }
