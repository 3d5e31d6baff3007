"""Applications 入会申請 in the console: who waits for the office, whose link is still open, the terms."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from marshmallow import Schema, fields, validate

from services.members.api.schemas import possible_day
from services.members.applications.deciding import admit, applicants, days_of_joining, sent_at, withdraw
from services.members.applications.links import void_application
from services.members.applications.pending import pending_applications
from services.members.applications.terms import list_terms, publish_terms, terms_in_force
from services.members.categories import list_categories
from services.members.models import MemberRow
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.search import ORDERS
from shared.errors import N_, Fault, InvalidInput, TsudoiError
from shared.web.access import allow, principal, reading, running_service, unit
from shared.web.forms import form_again, load_form
from shared.web.listing import list_rows

pages = Blueprint("applications", __name__, url_prefix="/members/console/applications")


class AdmissionSchema(Schema):
    id = fields.List(fields.UUID(), load_default=list)
    joined_on = fields.Date(required=True, validate=possible_day)


class TermsSchema(Schema):
    text = fields.String(required=True, validate=validate.Length(max=50_000))
    text_en = fields.String(load_default="", validate=validate.Length(max=50_000))


@pages.get("")
@allow(*MEMBERS_SEE)
def show_applications() -> ResponseReturnValue:
    return render_template("members/applications.html", **_context())


@pages.post("/admissions")
@allow(*MEMBERS_CHANGE)
def admit_chosen() -> ResponseReturnValue:
    """All that were ticked, or none."""
    try:
        given = load_form(AdmissionSchema)
        if not given["id"]:
            raise InvalidInput(faults=[Fault(N_("Please choose one or more applicants."))])
        with unit() as uow:
            admitted = admit(uow, [str(id) for id in given["id"]], joined_on=given["joined_on"])
    except TsudoiError as error:
        return form_again("members/applications.html", error, **_context())
    count = len(admitted)
    flash(ngettext("%(num)s applicant was admitted.", "%(num)s applicants were admitted.", count))
    return redirect(url_for("applications.show_applications"), 303)


@pages.post("/<uuid:id>/withdraw")
@allow(*MEMBERS_CHANGE)
def withdraw_one(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        row = withdraw(uow, str(id))
    flash(_("The application of %(name)s was withdrawn.", name=row.name))
    return redirect(url_for("applications.show_applications"), 303)


@pages.post("/links/<uuid:id>/void")
@allow(*MEMBERS_CHANGE)
def void_link(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        row = void_application(uow, str(id))
    flash(_("The link to %(email)s is taken back. You can add the person yourself now.", email=row.email))
    return redirect(url_for("applications.show_applications"), 303)


@pages.get("/terms")
@allow(*MEMBERS_SEE)
def show_terms() -> ResponseReturnValue:
    with reading() as uow:
        newest = terms_in_force(uow)
        values = {"text": newest.text, "text_en": newest.text_en} if newest else {}
    return render_template("members/terms.html", values=values, **_editions())


@pages.post("/terms")
@allow(*MEMBERS_CHANGE)
def publish() -> ResponseReturnValue:
    try:
        given = load_form(TermsSchema)
        with unit() as uow:
            row = publish_terms(uow, text=given["text"], text_en=given["text_en"])
    except TsudoiError as error:
        return form_again("members/terms.html", error, **_editions())
    flash(_("Edition %(number)s of the terms is in force.", number=row.edition))
    return redirect(url_for("applications.show_terms"), 303)


def _editions() -> dict[str, object]:
    with reading() as uow:
        return {"editions": list_terms(uow), "may_change": principal().may(*MEMBERS_CHANGE)}


def _context() -> dict[str, object]:
    with reading() as uow:
        listed = list_rows(uow.session, applicants(), ORDERS, sort="kana", unique=MemberRow.id)
        return {
            "listed": listed,
            "sent_at": sent_at(uow, listed.rows),
            "joining": days_of_joining(uow, listed.rows),
            "pending": pending_applications(uow),
            "categories": {row.code: row for row in list_categories(uow)},
            "terms": terms_in_force(uow),
            "today": uow.today,
            "may_change": principal().may(*MEMBERS_CHANGE),
            "address": f"{running_service().settings.public_url.rstrip('/')}/members/apply?society={uow.society.slug}",
        }
