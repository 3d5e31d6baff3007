"""The operators' pages for the societies of the installation: who there is, made, suspended and resumed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.societies import NewSocietySchema, ReasonSchema, found
from services.members.installation import overview, overviews
from services.members.pages.trail import TRAIL
from services.members.roles import SOCIETIES_MANAGE
from services.members.setup import issue_setup_link
from services.members.societies import resume_society, suspend_society
from shared.errors import N_, InvalidInput, TsudoiError
from shared.society import SocietyRow
from shared.web.access import allow, principal, running_service
from shared.web.badges import Badge
from shared.web.forms import form_again, load_form
from shared.web.listing import list_rows

pages = Blueprint("societies", __name__, url_prefix="/members/operator/societies")
ORDERS = {"name": SocietyRow.name, "slug": SocietyRow.slug}
STATES = {
    "active": Badge(N_("In use"), "good", "check"),
    "waiting": Badge(N_("Waits for its first administrator"), "info", "clock"),
    "suspended": Badge(N_("Suspended"), "bad", "pause"),
}
DAYS = (1, 3, 7)


@pages.get("")
@allow(*SOCIETIES_MANAGE)
def show_societies() -> ResponseReturnValue:
    running = running_service()
    with running.session(reading=True) as session:
        listed = list_rows(session, sa.select(SocietyRow), ORDERS, sort="name", unique=SocietyRow.id)
        rows = overviews(running, session, listed.rows)
    return render_template("members/societies.html", listed=listed, rows=rows, badges_of=STATES)


@pages.get("/new")
@allow(*SOCIETIES_MANAGE)
def show_new() -> ResponseReturnValue:
    return render_template("members/society_form.html", values={"fiscal_year_starts": 4, "days": 3}, **_choices())


@pages.post("")
@allow(*SOCIETIES_MANAGE)
def create() -> ResponseReturnValue:
    try:
        id, link = found(load_form(NewSocietySchema))
    except TsudoiError as error:
        return form_again("members/society_form.html", error, **_choices())
    return _show_link(id, link)


@pages.get("/<uuid:id>")
@allow(*SOCIETIES_MANAGE)
def show_society(id: UUID) -> ResponseReturnValue:
    return render_template("members/society.html", **_society(str(id)))


@pages.post("/<uuid:id>/setup-link")
@allow(*SOCIETIES_MANAGE)
def renew_link(id: UUID) -> ResponseReturnValue:
    running = running_service()
    try:
        with running.unit(str(id), actor=principal().actor) as uow:
            link = issue_setup_link(uow, public_url=running.settings.public_url, days=DAYS[1])
    except TsudoiError as error:
        return form_again("members/society.html", error, **_society(str(id)))
    return _show_link(str(id), link)


@pages.post("/<uuid:id>/suspend")
@allow(*SOCIETIES_MANAGE)
def suspend(id: UUID) -> ResponseReturnValue:
    try:
        with running_service().unit(str(id), actor=principal().actor) as uow:
            suspend_society(uow, reason=load_form(ReasonSchema)["reason"])
    except InvalidInput as error:
        return form_again("members/society.html", error, **_society(str(id)))
    flash(_("The society is suspended."))
    return redirect(url_for("societies.show_society", id=id), 303)


@pages.post("/<uuid:id>/resume")
@allow(*SOCIETIES_MANAGE)
def resume(id: UUID) -> ResponseReturnValue:
    try:
        with running_service().unit(str(id), actor=principal().actor) as uow:
            resume_society(uow, reason=load_form(ReasonSchema)["reason"])
    except InvalidInput as error:
        return form_again("members/society.html", error, **_society(str(id)))
    flash(_("The society may be used again."))
    return redirect(url_for("societies.show_society", id=id), 303)


def _show_link(id: str, link: str) -> ResponseReturnValue:
    """Once: only its digest is stored."""
    return render_template("members/society_link.html", link=link, **_society(id))


def _society(id: str) -> dict[str, Any]:
    seen, deeds = overview(running_service(), id)
    return {"seen": seen, "deeds": deeds, "deed_names": TRAIL.actions, "badges_of": STATES}


def _choices() -> dict[str, Any]:
    return {"day_choices": [(days, _("%(days)s days", days=days)) for days in DAYS]}
