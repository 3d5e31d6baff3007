"""Chosen lists: from the ticks of a list, or all that a search finds; and one standing for all of them 一括更新."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from services.members.api.standings import EntrySchema
from services.members.models import MemberRow, SelectionRow
from services.members.pages.finding import asked_search, ticked
from services.members.pages.words import BADGES, standing_choices
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.search import matching
from services.members.selections import choose, chosen_members
from services.members.standings.bulk import look_at_change, start_change
from shared import jobs
from shared.errors import TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, unit
from shared.web.forms import form_again, load_args, load_form

pages = Blueprint("selections", __name__, url_prefix="/members/console/selections")
SHOWN = 20


@pages.post("")
@allow(*MEMBERS_CHANGE)
def choose_members() -> ResponseReturnValue:
    """The members that were ticked, or everybody that the search finds."""
    with unit() as uow:
        found = matching(asked_search(uow, load_form))
        if not request.form.get("all"):
            found = found.where(MemberRow.id.in_(ticked()))
        selection = choose(uow, found, sort=request.form.get("sort", ""))
    todo = "numbering.show_numbering" if request.form.get("act") == "number" else "selections.show_standing"
    return redirect(url_for(todo, id=selection.id), 303)


@pages.get("/<uuid:id>/standing")
@allow(*MEMBERS_CHANGE)
def show_standing(id: UUID) -> ResponseReturnValue:
    """The form, and once it is filled in what it would do."""
    with reading() as uow:
        context = _context(uow, id)
        if "standing" not in request.args:
            return render_template("members/bulk_standing.html", values={"starts_on": uow.today}, **context)
        try:
            given = load_args(EntrySchema)
        except TsudoiError as error:
            return form_again("members/bulk_standing.html", error, values=request.args.to_dict(), **context)
        preview = look_at_change(uow, context["selection"], **given)
        return render_template("members/bulk_standing.html", **{**context, "values": given, "preview": preview})


@pages.post("/<uuid:id>/standing")
@allow(*MEMBERS_CHANGE)
def change_standing(id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(EntrySchema)
        with unit() as uow:
            job = start_change(uow, uow.get(SelectionRow, str(id)), **given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/bulk_standing.html", error, **_context(uow, id))
    return redirect(url_for("selections.show_change", id=id, job=job.id), 303)


@pages.get("/<uuid:id>/standing/<uuid:job>")
@allow(*MEMBERS_SEE)
def show_change(id: UUID, job: UUID) -> ResponseReturnValue:
    with reading() as uow:
        work = jobs.look(uow, str(job))
    sentence = ngettext(
        "%(num)s member was changed.", "%(num)s members were changed.", (work.result or {}).get("changed", 0)
    )
    again = url_for("selections.show_standing", id=id)
    title = _("Change the standing of many")
    return render_template("members/bulk_work.html", title=title, job=work, sentence=sentence, again=again)


def _context(uow: UnitOfWork, id: UUID) -> dict[str, Any]:
    selection = uow.get(SelectionRow, str(id))
    return {
        "selection": selection,
        "chosen": next(chosen_members(uow, selection, at_once=SHOWN), []),
        "standings": [(code, text) for code, text in standing_choices() if code != "leaving"],
        "badges_of": BADGES,
        "preview": None,
    }
