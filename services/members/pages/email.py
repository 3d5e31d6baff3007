"""One's e-mail address: another one is asked for, and confirmed by the link in its mail (M12)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.members.corporations.acting import own_person_id
from services.members.email_changes import ask_for_new_email, confirm_new_email, look_at_new_email, waiting_email
from services.members.errors.links import LinkUnusable
from services.members.models import MemberRow
from services.members.pages.login import home_of
from services.members.person_input import read_person
from services.members.tokens import society_of_token
from shared.errors import TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow_anyone_logged_in, principal, reading, running_service, unit
from shared.web.forms import form_again, load_form
from shared.web.problems import translated

pages = Blueprint("email", __name__, url_prefix="/members/my/email")


class NewEmailSchema(Schema):
    email = fields.String(required=True, validate=validate.Length(max=320))
    password = fields.String(required=True, validate=validate.Length(max=1000))


@pages.get("")
@allow_anyone_logged_in
def show_email() -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/email.html", **_context(uow))


@pages.post("")
@allow_anyone_logged_in
def ask() -> ResponseReturnValue:
    """The same answer for every new address."""
    try:
        given = read_person(load_form(NewEmailSchema))
        ask_for_new_email(running_service(), principal(), **given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/email.html", error, **_context(uow))
    return redirect(url_for("email.show_email"), 303)


@pages.get("/<token>")
@allow_anyone_logged_in
def show_confirming(token: str) -> ResponseReturnValue:
    """Only shows: mail scanners open links, too."""
    try:
        society_of_token(token)
        with reading() as uow:
            return render_template("members/email_confirm.html", change=look_at_new_email(uow, token, principal()))
    except LinkUnusable as error:
        return _explain(error)


@pages.post("/<token>")
@allow_anyone_logged_in
def confirm(token: str) -> ResponseReturnValue:
    try:
        society_of_token(token)
        with unit() as uow:
            change = confirm_new_email(uow, token, principal())
    except LinkUnusable as error:
        return _explain(error)
    flash(_("Your e-mail address is %(email)s from now on. Please log in with it the next time.", email=change.new))
    return redirect(home_of(principal()), 303)


def _context(uow: UnitOfWork) -> dict[str, Any]:
    person_id = own_person_id(uow, principal())
    return {"me": uow.get(MemberRow, person_id), "waiting": waiting_email(uow, person_id)}


def _explain(error: LinkUnusable) -> ResponseReturnValue:
    page = render_template("members/email_unusable.html", reason=error.reason, sentence=translated(error))
    return page, error.kind.status
