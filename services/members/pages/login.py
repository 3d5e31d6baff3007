"""Log in, stay logged in, log out."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.members.errors.logins import LoginNotBegun
from services.members.login_policy import must_set_up
from services.members.logins import Attempt, HalfOpened, finish_login, log_in
from services.members.models import AccountRow
from services.members.pages.cookies import HALF_COOKIE, LOGIN_COOKIE, give_half, give_session, give_token, take_all
from services.members.pages.whereabouts import chosen_society, societies, society_here
from services.members.sessions import Opened, end_session, living_session, renew_session, society_of_cookie
from shared.errors import LoginNeeded, TsudoiError
from shared.identity import Principal, Role
from shared.web.access import allow_public, principal_or_none, running_service
from shared.web.forms import form_again, load_form
from shared.web.local_path import local_path
from shared.web.place import place
from shared.web.problems import translated

pages = Blueprint("login", __name__, url_prefix="/members")


class LoginSchema(Schema):
    email = fields.String(required=True, validate=validate.Length(max=320))
    password = fields.String(required=True, validate=validate.Length(max=1000))
    society = fields.String(load_default=None)


class CodeSchema(Schema):
    code = fields.String(required=True, validate=validate.Length(max=100))


@pages.get("/")
@allow_public
def start() -> ResponseReturnValue:
    who = principal_or_none()
    if who:
        return redirect(home_of(who))
    return redirect("/members/session/renew?next=/members/" if request.cookies.get(LOGIN_COOKIE) else "/members/login")


@pages.get("/login")
@allow_public
def show_login() -> ResponseReturnValue:
    who = principal_or_none()
    if who:
        return redirect(_next(home_of(who)))
    here = society_here()
    choices = [] if here else societies()
    suspended = here is not None and here.suspended
    return render_template("members/login.html", choices=choices, suspended=suspended, next=_next(""))


@pages.post("/login")
@allow_public
def do_login() -> ResponseReturnValue:
    try:
        given = load_form(LoginSchema)
        society = chosen_society(given["society"])
        attempt = Attempt(society.id, given["email"], given["password"], place(), request.user_agent.string)
        opened = log_in(running_service(), attempt)
    except TsudoiError as error:
        here = society_here()
        return form_again("members/login.html", error, choices=[] if here else societies(), next=_next(""))
    if isinstance(opened, HalfOpened):
        wanted = _next("")
        return give_half(make_response(redirect(url_for("login.show_code", next=wanted or None), 303)), opened)
    return _come_in(opened)


@pages.get("/login/code")
@allow_public
def show_code() -> ResponseReturnValue:
    return render_template("members/login_code.html", next=_next(""))


@pages.post("/login/code")
@allow_public
def give_code() -> ResponseReturnValue:
    try:
        code = load_form(CodeSchema)["code"]
        cookie = request.cookies.get(HALF_COOKIE)
        opened = finish_login(running_service(), cookie, code, user_agent=request.user_agent.string)
    except LoginNotBegun as error:
        flash(translated(error))
        return redirect(url_for("login.show_login", next=_next("") or None), 303)
    except TsudoiError as error:
        return form_again("members/login_code.html", error, next=_next(""))
    return _come_in(opened)


@pages.post("/logout")
@allow_public
def do_logout() -> ResponseReturnValue:
    cookie = request.cookies.get(LOGIN_COOKIE)
    who = principal_or_none()
    society = society_of_cookie(cookie) or (who.society_id if who else None)
    if society:
        with running_service().unit(society) as uow:
            session = living_session(uow, cookie) if cookie else None
            for id in {session.id if session else "", who.session_id if who else ""} - {""}:
                end_session(uow, id)
    answer = take_all(make_response(redirect("/members/login", 303)))
    flash(_("You are logged out."))
    return answer


@pages.get("/session/renew")
@allow_public
def renew_and_return() -> ResponseReturnValue:
    """A fresh token while the session lives, and back to the page; otherwise to the login."""
    wanted = local_path(request.args.get("next"), "/members/")
    who = renew_session(running_service(), request.cookies.get(LOGIN_COOKIE))
    if who is None:
        return take_all(make_response(redirect(f"/members/login?next={quote(wanted, safe='/')}")))
    return give_token(make_response(redirect(wanted)), who)


@pages.post("/session/renew")
@allow_public
def renew_in_background() -> ResponseReturnValue:
    who = renew_session(running_service(), request.cookies.get(LOGIN_COOKIE))
    if who is None:
        raise LoginNeeded
    return give_token(make_response("", 204), who)


def home_of(who: Principal) -> str:
    """Where somebody begins."""
    if who.may(Role.ADMINISTRATOR, Role.AFFAIRS, Role.READER):
        return "/members/console/members"
    if who.may(Role.ACCOUNTING):
        return "/billing/console/"
    if who.may(Role.EVENTS, Role.ORGANISER):
        return "/events/console/events"
    if who.may(Role.OPERATOR):
        return "/members/operator"
    return "/members/my/"


def _come_in(opened: Opened) -> ResponseReturnValue:
    who = opened.principal
    with running_service().unit(who.society_id, reading=True) as uow:
        first = must_set_up(uow, uow.get(AccountRow, who.account_id))
    place = "/members/my/security" if first else _next(home_of(who))
    return give_session(make_response(redirect(place, 303)), opened)


def _next(otherwise: str) -> str:
    return local_path(request.values.get("next"), otherwise)
