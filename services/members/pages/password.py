"""Passwords: a link is asked for, comes by mail, sets the password once (M11)."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.members.errors.links import LinkUnusable
from services.members.errors.logins import PasswordTooWeak
from services.members.login_policy import factor_of
from services.members.logins import change_password
from services.members.pages.cookies import give_session
from services.members.pages.login import home_of
from services.members.pages.whereabouts import chosen_society, societies, society_here
from services.members.password_links import look_at_link, use_link
from services.members.password_requests import ask_for_link
from services.members.passwords import SHORTEST, check_strength, hash_password
from services.members.sessions import open_session, principal_of
from services.members.tokens import society_of_token
from shared.errors import N_, Fault, InvalidInput, TsudoiError
from shared.web.access import allow_anyone_logged_in, allow_public, principal, public_unit, running_service
from shared.web.forms import form_again, load_form
from shared.web.place import place
from shared.web.problems import translated

pages = Blueprint("password", __name__, url_prefix="/members")


class AskSchema(Schema):
    email = fields.String(required=True, validate=validate.Length(max=320))
    society = fields.String(load_default=None)


class NewPasswordSchema(Schema):
    password = fields.String(required=True, validate=validate.Length(max=1000))
    again = fields.String(required=True, validate=validate.Length(max=1000))


class ChangePasswordSchema(NewPasswordSchema):
    old = fields.String(required=True, validate=validate.Length(max=1000))


@pages.get("/password")
@allow_public
def show_asking() -> ResponseReturnValue:
    return render_template("members/password_ask.html", choices=[] if society_here() else societies())


@pages.post("/password")
@allow_public
def ask() -> ResponseReturnValue:
    """The same page for every address (S6)."""
    try:
        given = load_form(AskSchema)
        with public_unit(chosen_society(given["society"]).id) as uow:
            ask_for_link(uow, given["email"], place=place())
    except TsudoiError as error:
        return form_again("members/password_ask.html", error, choices=[] if society_here() else societies())
    return render_template("members/password_asked.html", email=given["email"])


@pages.get("/password/<token>")
@allow_public
def show_setting(token: str) -> ResponseReturnValue:
    """Only shows: mail scanners open links, too."""
    try:
        with public_unit(society_of_token(token), reading=True) as uow:
            person = look_at_link(uow, token)[1]
    except LinkUnusable as error:
        return _explain(error)
    return render_template("members/password_set.html", email=person.email, least=SHORTEST)


@pages.post("/password/<token>")
@allow_public
def set_password(token: str) -> ResponseReturnValue:
    try:
        society = society_of_token(token)
        with public_unit(society, reading=True) as uow:
            email = look_at_link(uow, token)[1].email
        try:
            password = _new_password()
            check_strength(password, email)
        except (InvalidInput, PasswordTooWeak) as error:
            return form_again("members/password_set.html", error, email=email, least=SHORTEST)
        hashed = hash_password(password)
        with running_service().unit(society) as uow:
            account = use_link(uow, token, hashed)
            needs_code = factor_of(uow, account.id) is not None
            may_enter = not needs_code and principal_of(uow, account, account.id).roles
            opened = open_session(uow, account, user_agent=request.user_agent.string) if may_enter else None
    except LinkUnusable as error:
        return _explain(error)
    if opened is None:
        flash(_("Your password is set. Please log in with it."))
        return redirect("/members/login", 303)
    answer = give_session(make_response(redirect(home_of(opened.principal), 303)), opened)
    flash(_("Your password is set, and you are logged in."))
    return answer


@pages.get("/my/password")
@allow_anyone_logged_in
def show_changing() -> ResponseReturnValue:
    return render_template("members/password_change.html", least=SHORTEST)


@pages.post("/my/password")
@allow_anyone_logged_in
def change() -> ResponseReturnValue:
    try:
        given = load_form(ChangePasswordSchema)
        _check_same(given["password"], given["again"])
        change_password(running_service(), principal(), old=given["old"], new=given["password"])
    except TsudoiError as error:
        return form_again("members/password_change.html", error, least=SHORTEST)
    flash(_("Your password is changed. All other devices are logged out."))
    return redirect(url_for("password.show_changing"), 303)


def _new_password() -> str:
    given = load_form(NewPasswordSchema)
    _check_same(given["password"], given["again"])
    return str(given["password"])


def _check_same(password: str, again: str) -> None:
    if password != again:
        raise InvalidInput(faults=[Fault(N_("The two passwords are not the same."), field="again")])


def _explain(error: LinkUnusable) -> ResponseReturnValue:
    society_here()
    page = render_template("members/link_unusable.html", reason=error.reason, sentence=translated(error))
    return page, error.kind.status
