"""Chosen lists: from the ticks of a list, or all that a search finds; one standing or category for all 一括更新."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from services.members.api.histories import CategoryEntrySchema, StandingEntrySchema
from services.members.histories.bulk import look_at_change, start_change
from services.members.histories.tracks import CATEGORY, STANDING
from services.members.models import MemberRow, SelectionRow
from services.members.pages.finding import asked_search, ticked
from services.members.pages.words import BADGES, category_choices, standing_choices
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.search import matching
from services.members.selections import choose, chosen_members
from shared import jobs
from shared.errors import TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, unit
from shared.web.forms import form_again, load_args, load_form

pages = Blueprint("selections", __name__, url_prefix="/members/console/selections")
SHOWN = 20
WHAT = "/<uuid:id>/<any(standing, category):what>"
TRACKS = {"standing": STANDING, "category": CATEGORY}
SCHEMAS = {"standing": StandingEntrySchema, "category": CategoryEntrySchema}


@pages.post("")
@allow(*MEMBERS_CHANGE)
def choose_members() -> ResponseReturnValue:
    """The members that were ticked, or everybody that the search finds."""
    with unit() as uow:
        found = matching(asked_search(uow, load_form))
        if not request.form.get("all"):
            found = found.where(MemberRow.id.in_(ticked()))
        selection = choose(uow, found, sort=request.form.get("sort", ""))
    if request.form.get("act") == "number":
        return redirect(url_for("numbering.show_numbering", id=selection.id), 303)
    what = "category" if request.form.get("act") == "category" else "standing"
    return redirect(url_for("selections.show_look", id=selection.id, what=what), 303)


@pages.get(WHAT)
@allow(*MEMBERS_CHANGE)
def show_look(id: UUID, what: str) -> ResponseReturnValue:
    """The form, and once it is filled in what it would do."""
    with reading() as uow:
        context = _context(uow, id, what)
        if what not in request.args:
            return render_template("members/bulk_change.html", values={"starts_on": uow.today}, **context)
        try:
            given = load_args(SCHEMAS[what])
        except TsudoiError as error:
            return form_again("members/bulk_change.html", error, values=request.args.to_dict(), **context)
        preview = look_at_change(uow, TRACKS[what], context["selection"], given[what], given["starts_on"])
        return render_template("members/bulk_change.html", **{**context, "values": given, "preview": preview})


@pages.post(WHAT)
@allow(*MEMBERS_CHANGE)
def change(id: UUID, what: str) -> ResponseReturnValue:
    try:
        given = load_form(SCHEMAS[what])
        with unit() as uow:
            selection = uow.get(SelectionRow, str(id))
            job = start_change(uow, TRACKS[what], selection, given[what], given["starts_on"])
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/bulk_change.html", error, **_context(uow, id, what))
    return redirect(url_for("selections.show_change", id=id, what=what, job=job.id), 303)


@pages.get(f"{WHAT}/<uuid:job>")
@allow(*MEMBERS_SEE)
def show_change(id: UUID, what: str, job: UUID) -> ResponseReturnValue:
    with reading() as uow:
        work = jobs.look(uow, str(job))
    sentence = ngettext(
        "%(num)s member was changed.", "%(num)s members were changed.", (work.result or {}).get("changed", 0)
    )
    again = url_for("selections.show_look", id=id, what=what)
    title = _("Change the standing of many") if what == "standing" else _("Change the category of many")
    return render_template("members/bulk_work.html", title=title, job=work, sentence=sentence, again=again)


def _context(uow: UnitOfWork, id: UUID, what: str) -> dict[str, Any]:
    selection = uow.get(SelectionRow, str(id))
    choices = standing_choices() if what == "standing" else category_choices(uow)
    return {
        "selection": selection,
        "chosen": next(chosen_members(uow, selection, at_once=SHOWN), []),
        "what": what,
        "choices": [(code, text) for code, text in choices if (what, code) != ("standing", "leaving")],
        "names": dict(choices),
        "badges_of": BADGES,
        "preview": None,
    }
