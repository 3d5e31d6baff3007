"""What a member asks the office for 届出 on My Page: another name, a leave of absence, to withdraw (M13+)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.members.api.schemas import possible_day
from services.members.member_requests import NAMES, make_request, possible_requests, requests_of, take_back_request
from services.members.models import MemberRow
from services.members.pages.words import REQUEST_BADGES, REQUEST_NAMES
from services.members.person_input import read_person
from services.members.roles import OWN_MEMBERSHIP
from shared.errors import TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form

pages = Blueprint("my_requests", __name__, url_prefix="/members/my/requests")
KINDS = "<any(name, leave, withdrawal):kind>"


class ReasonSchema(Schema):
    reason = fields.String(load_default="", validate=validate.Length(max=2_000))


class NameSchema(ReasonSchema):
    name = fields.String(required=True, validate=validate.Length(max=200))
    kana = fields.String(load_default="", validate=validate.Length(max=200))
    roman = fields.String(load_default="", validate=validate.Length(max=200))


class DaySchema(ReasonSchema):
    day = fields.Date(required=True, validate=possible_day)


@pages.get("")
@allow(*OWN_MEMBERSHIP)
def show_requests() -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/my_requests.html", **_context(uow))


@pages.get(f"/new/{KINDS}")
@allow(*OWN_MEMBERSHIP)
def show_asking(kind: str) -> ResponseReturnValue:
    with reading() as uow:
        context = _context(uow)
        values = {name: getattr(context["me"], name) for name in NAMES} if kind == "name" else {}
        return render_template("members/my_request_form.html", kind=kind, values=values, **context)


@pages.post(f"/new/{KINDS}")
@allow(*OWN_MEMBERSHIP)
def ask(kind: str) -> ResponseReturnValue:
    try:
        given = load_form(NameSchema if kind == "name" else DaySchema)
        reason = given.pop("reason")
        with unit() as uow:
            make_request(
                uow, str(principal().person_id), kind, read_person(given) if kind == "name" else given, reason=reason
            )
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/my_request_form.html", error, kind=kind, **_context(uow))
    flash(_("Your request is with the secretariat. You will get a mail when it has decided."))
    return redirect(url_for("my_requests.show_requests"), 303)


@pages.post("/<uuid:id>/take-back")
@allow(*OWN_MEMBERSHIP)
def take_back(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        take_back_request(uow, str(principal().person_id), str(id))
    flash(_("The request is taken back."))
    return redirect(url_for("my_requests.show_requests"), 303)


def _context(uow: UnitOfWork) -> dict[str, Any]:
    me = uow.get(MemberRow, str(principal().person_id))
    return {
        "me": me,
        "requests": requests_of(uow, me.id),
        "possible": possible_requests(uow, me),
        "names_of": REQUEST_NAMES,
        "badges_of": REQUEST_BADGES,
    }
