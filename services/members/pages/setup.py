"""The first page of an empty installation, which makes the society and its first administrator; and the first page of a
society that an operator has made."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.members import values
from services.members.errors.societies import SetupLinkUnusable
from services.members.pages.cookies import give_session
from services.members.passwords import SHORTEST, check_strength, hash_password
from services.members.sessions import open_session
from services.members.setup import check_setup_token, found_society
from services.members.values import BadValue
from shared.errors import N_, Fault, InvalidInput, TsudoiError
from shared.ids import new_id
from shared.web.access import allow_public, running_service
from shared.web.forms import form_again, load_form
from shared.web.i18n import language

pages = Blueprint("setup", __name__, url_prefix="/members/setup")
SLUG = validate.Regexp(r"[a-z][a-z0-9-]{1,30}$")


class AdministratorSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(max=200))
    email = fields.String(required=True)
    password = fields.String(required=True, validate=validate.Length(max=1000))
    again = fields.String(required=True, validate=validate.Length(max=1000))


class SetupSchema(AdministratorSchema):
    society_name = fields.String(required=True, validate=validate.Length(max=200))
    society_name_en = fields.String(required=True, validate=validate.Length(max=200))
    slug = fields.String(required=True, validate=SLUG)
    society_email = fields.String(load_default="")
    fiscal_year_starts = fields.Integer(load_default=4, validate=validate.Range(min=1, max=12))


@pages.get("/<token>")
@allow_public
def show(token: str) -> ResponseReturnValue:
    here = check_setup_token(running_service(), token)
    return render_template("members/setup.html", values={"fiscal_year_starts": 4}, here=here, least=SHORTEST)


@pages.post("/<token>")
@allow_public
def found(token: str) -> ResponseReturnValue:
    running = running_service()
    here = check_setup_token(running, token)
    try:
        given = load_form(AdministratorSchema if here else SetupSchema)
        email = _check(given)
        hashed = hash_password(given["password"])
        society = None if here else _society(given)
        with running.unit(here.id if here else new_id()) as uow:
            account = found_society(
                uow, token, society=society, name=given["name"], email=email, password_hash=hashed, language=language()
            )
            opened = open_session(uow, account)
    except SetupLinkUnusable:
        raise
    except TsudoiError as error:
        return form_again("members/setup.html", error, here=here, least=SHORTEST)
    answer = give_session(make_response(redirect("/members/console/import", 303)), opened)
    flash(_("Welcome to Tsudoi. Begin by importing your roster, or add members one by one."))
    return answer


def _society(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "slug": given["slug"],
        "name": given["society_name"],
        "name_en": given["society_name_en"],
        "email": given["society_email"],
        "fiscal_year_starts": given["fiscal_year_starts"],
    }


def _check(given: dict[str, Any]) -> str:
    """The e-mail addresses and the password. Raises InvalidInput, PasswordTooWeak."""
    faults = []
    for name in ("email", "society_email"):
        try:
            given[name] = values.email(given.get(name, "")) or ""
        except BadValue as bad:
            faults.append(Fault(bad.text, bad.params, name))
    if given["password"] != given["again"]:
        faults.append(Fault(N_("The two passwords are not the same."), field="again"))
    if faults:
        raise InvalidInput(faults=faults)
    check_strength(given["password"], given["email"])
    return str(given["email"])
