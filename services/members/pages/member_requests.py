"""Requests of members 届出 in the console: accepted, which does them, or refused with a reason (M13+)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.members.api.schemas import possible_day
from services.members.member_requests import accept_request, refuse_request, waiting_requests
from services.members.models import MemberRow, RequestRow
from services.members.pages.words import FIELDS, REQUEST_BADGES, REQUEST_NAMES
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared.errors import TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form
from shared.web.listing import list_rows

pages = Blueprint("member_requests", __name__, url_prefix="/members/console/requests")
ORDERS = {"asked_at": RequestRow.asked_at, "kana": MemberRow.kana, "kind": RequestRow.kind}


class AcceptSchema(Schema):
    day = fields.Date(load_default=None, validate=possible_day)
    answer = fields.String(load_default="", validate=validate.Length(max=2_000))


class RefuseSchema(Schema):
    answer = fields.String(required=True, validate=validate.Length(max=2_000))


@pages.get("")
@allow(*MEMBERS_SEE)
def show_requests() -> ResponseReturnValue:
    with reading() as uow:
        listed = list_rows(uow.session, waiting_requests(), ORDERS, sort="asked_at", unique=RequestRow.id)
        return render_template("members/requests.html", listed=listed, names_of=REQUEST_NAMES)


@pages.get("/<uuid:id>")
@allow(*MEMBERS_SEE)
def show_request(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        context = _context(uow, id)
        return render_template("members/request.html", values={"day": context["asked"].asked.get("day")}, **context)


@pages.post("/<uuid:id>/accept")
@allow(*MEMBERS_CHANGE)
def accept(id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(AcceptSchema)
        with unit() as uow:
            accept_request(uow, str(id), **given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/request.html", error, **_context(uow, id))
    flash(_("The request is accepted, and done."))
    return redirect(url_for("member_requests.show_requests"), 303)


@pages.post("/<uuid:id>/refuse")
@allow(*MEMBERS_CHANGE)
def refuse(id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(RefuseSchema)
        with unit() as uow:
            refuse_request(uow, str(id), **given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/request.html", error, **_context(uow, id))
    flash(_("The request is refused; the member gets your answer by mail."))
    return redirect(url_for("member_requests.show_requests"), 303)


def _context(uow: UnitOfWork, id: UUID) -> dict[str, Any]:
    row = uow.get(RequestRow, str(id))
    return {
        "asked": row,
        "member": uow.get(MemberRow, row.person_id),
        "names_of": REQUEST_NAMES,
        "badges_of": REQUEST_BADGES,
        "field_names": FIELDS,
        "may_change": principal().may(*MEMBERS_CHANGE),
    }
