"""Applying 入会申請, for people whom nobody knows yet (M1, M2): terms → address → mailed link → form → check → done."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.members import throttle
from services.members.applications.links import look_at_application, start_application
from services.members.applications.sending import read_application, send_application
from services.members.applications.terms import terms_in_force
from services.members.custom_fields.finding import asked_fields
from services.members.errors.links import ApplicationSent, LinkUnusable
from services.members.models import ApplicationRow, TermsRow
from services.members.pages.addresses import asks_for_address, with_address
from services.members.pages.custom_input import all_typed, facts, hidden_inputs, typed
from services.members.pages.whereabouts import chosen_society, societies, society_here, society_or_choice
from services.members.pages.words import FIELDS, category_choices
from services.members.person_input import read_person
from services.members.tokens import society_of_token
from shared.errors import N_, Fault, InvalidInput, SocietySuspended, TsudoiError
from shared.society import SocietyRow
from shared.uow import UnitOfWork
from shared.web.access import allow_public, public_unit, running_service
from shared.web.forms import form_again, load_form
from shared.web.i18n import language
from shared.web.place import place
from shared.web.problems import translated

pages = Blueprint("apply", __name__, url_prefix="/members/apply")
SHOWN = ("category", "name", "kana", "roman", "affiliation", "postcode", "address", "phone")  # before it is sent


class StartSchema(Schema):
    email = fields.String(required=True, validate=validate.Length(max=320))
    edition = fields.Integer(required=True)
    accepted = fields.Boolean(load_default=False)
    society = fields.String(load_default=None)


class ApplicationSchema(Schema):
    category = fields.String(required=True, validate=validate.Length(max=100))
    name = fields.String(required=True, validate=validate.Length(max=200))
    kana = fields.String(load_default="", validate=validate.Length(max=200))
    roman = fields.String(load_default="", validate=validate.Length(max=200))
    affiliation = fields.String(load_default="", validate=validate.Length(max=500))
    postcode = fields.String(required=True, validate=validate.Length(max=20))
    address = fields.String(required=True, validate=validate.Length(max=500))
    phone = fields.String(load_default="", validate=validate.Length(max=40))


@pages.get("")
@allow_public
def show_start() -> ResponseReturnValue:
    return render_template("members/apply_start.html", **_start(request.args.get("society")))


@pages.post("")
@allow_public
def start() -> ResponseReturnValue:
    """The same page for every address (S6)."""
    try:
        given = load_form(StartSchema)
        address = read_person({"email": given["email"]})["email"]
        if not given["accepted"]:
            raise InvalidInput(faults=[Fault(N_("Please read the terms and accept them."), field="accepted")])
        society = chosen_society(given["society"])
        _refuse_suspended(society)
        with public_unit(society.id) as uow:
            start_application(
                uow,
                email=address,
                language=language(),
                edition=given["edition"],
                place=place(),
                public_url=running_service().settings.public_url,
            )
    except TsudoiError as error:
        return form_again("members/apply_start.html", error, **_start(request.form.get("society")))
    return render_template("members/apply_mailed.html", email=address)


@pages.get("/<token>")
@allow_public
def show_form(token: str) -> ResponseReturnValue:
    """Only shows: mail scanners open links, too."""
    try:
        with public_unit(society_of_token(token), reading=True) as uow:
            application = _look(uow, token)
            return render_template("members/apply_form.html", **_form(uow, application))
    except LinkUnusable as error:
        return _explain(error)


@pages.post("/<token>")
@allow_public
def check_or_send(token: str) -> ResponseReturnValue:
    """`step` says what the applicant wants: look once more (`confirm`), correct (`back`) or `send`."""
    try:
        society = society_of_token(token)
        with public_unit(society, reading=True) as uow:
            shown = _form(uow, _look(uow, token))
        if asks_for_address():
            _count_look_up(society)
            return with_address("members/apply_form.html", **shown)
        step = request.form.get("step")
        if step == "back":
            return render_template("members/apply_form.html", **shown, values=all_typed())
        try:
            fields = shown["custom_fields"]
            given = {**load_form(ApplicationSchema), "custom": typed(fields)}
            values = read_application(given, fields, language=shown["application"].language)
            if values["category"] not in dict(shown["categories"]):
                raise InvalidInput(faults=[Fault(N_("There is no such category."), field="category")])
            if step != "send":
                return render_template("members/apply_confirm.html", **shown, **_confirmed(shown, values))
            with public_unit(society) as uow:
                send_application(uow, token, values)
        except InvalidInput as error:
            return form_again("members/apply_form.html", error, **shown)
    except LinkUnusable as error:
        return _explain(error)
    return redirect(url_for("apply.show_done", token=token), 303)


@pages.get("/<token>/done")
@allow_public
def show_done(token: str) -> ResponseReturnValue:
    try:
        with public_unit(society_of_token(token), reading=True) as uow:
            look_at_application(uow, token)
    except ApplicationSent:
        return render_template("members/apply_done.html")
    except LinkUnusable as error:
        return _explain(error)
    return redirect(url_for("apply.show_form", token=token))


def _start(slug: str | None) -> dict[str, Any]:
    """The terms of the society of this page; without one, the choice of societies."""
    here = society_or_choice(slug)
    _refuse_suspended(here)
    terms: TermsRow | None = None
    if here:
        with public_unit(here.id, reading=True) as uow:
            terms = terms_in_force(uow)
    return {"here": here, "terms": terms, "choices": [] if here else societies()}


def _look(uow: UnitOfWork, token: str) -> ApplicationRow:
    _refuse_suspended(uow.session.get(SocietyRow, uow.society_id))  # a broken link may name none
    return look_at_application(uow, token)


def _refuse_suspended(society: SocietyRow | None) -> None:
    if society and society.suspended:
        raise SocietySuspended


def _form(uow: UnitOfWork, application: ApplicationRow) -> dict[str, Any]:
    return {"application": application, "categories": category_choices(uow), "custom_fields": asked_fields(uow)}


def _confirmed(shown: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """`rows`: (field, what it says) as it will be stored; `typed`: the same as inputs that hand it on."""
    named = {**values, "category": dict(shown["categories"])[values["category"]]}
    fields, custom = shown["custom_fields"], values["custom"]
    return {
        "rows": [*((_(FIELDS[name]), named[name] or "") for name in SHOWN), *facts(fields, custom)],
        "typed": [*((name, values[name] or "") for name in SHOWN), *hidden_inputs(fields, custom)],
    }


def _count_look_up(society: str) -> None:
    """Raises TooManyRequests."""
    with public_unit(society) as uow:
        limits = throttle.address_limits(place())
        throttle.check(uow, limits)
        throttle.count(uow, limits)


def _explain(error: LinkUnusable) -> ResponseReturnValue:
    society_here()
    page = render_template("members/apply_unusable.html", reason=error.reason, sentence=translated(error))
    return page, error.kind.status
