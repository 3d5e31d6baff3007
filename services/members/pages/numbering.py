"""Numbering 採番 of a chosen list: the first numbers, a look, and then all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from services.members.models import SelectionRow
from services.members.numbers.assigning import (
    Format,
    first_numbers,
    formats_of,
    look_at_numbering,
    start_numbering,
)
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared import jobs
from shared.errors import TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, unit
from shared.web.forms import form_again
from shared.web.problems import translated

pages = Blueprint("numbering", __name__, url_prefix="/members/console/selections/<uuid:id>/numbers")


@pages.get("")
@allow(*MEMBERS_CHANGE)
def show_numbering(id: UUID) -> ResponseReturnValue:
    """The form, filled in with the next free numbers; once it is sent, what it would do."""
    with reading() as uow:
        context = _context(uow, id)
        formats = context["formats"]
        if not request.args:
            starts = first_numbers(uow, formats)
            first = {f"starts.{place}": starts[each.prefix] for place, each in enumerate(formats)}
            return render_template("members/numbering.html", values=first, preview=None, **context)
        values = request.args.to_dict()
        try:
            preview = look_at_numbering(uow, context["selection"], _starts(formats, values))
        except TsudoiError as error:
            return form_again("members/numbering.html", error, values=values, preview=None, **context)
        return render_template("members/numbering.html", values=values, preview=preview, **context)


@pages.post("")
@allow(*MEMBERS_CHANGE)
def number_all(id: UUID) -> ResponseReturnValue:
    try:
        with unit() as uow:
            selection = uow.get(SelectionRow, str(id))
            job = start_numbering(uow, selection, _starts(formats_of(uow, selection), request.form.to_dict()))
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/numbering.html", error, preview=None, **_context(uow, id))
    return redirect(url_for("numbering.show_assigning", id=id, job=job.id), 303)


@pages.get("/<uuid:job>")
@allow(*MEMBERS_SEE)
def show_assigning(id: UUID, job: UUID) -> ResponseReturnValue:
    with reading() as uow:
        work = jobs.look(uow, str(job))
    count = (work.result or {}).get("numbered", 0)
    sentence = ngettext("%(num)s member has a number now.", "%(num)s members have numbers now.", count)
    again = url_for("numbering.show_numbering", id=id)
    return render_template(
        "members/bulk_work.html", title=_("Assign numbers"), job=work, sentence=sentence, again=again
    )


def _starts(formats: Sequence[Format], given: dict[str, str]) -> dict[str, int]:
    """What is no whole number is left out, and told as missing."""
    texts = {each.prefix: given.get(f"starts.{place}", "").strip() for place, each in enumerate(formats)}
    return {prefix: int(text) for prefix, text in texts.items() if text.isascii() and text.isdigit() and len(text) < 13}


def _context(uow: UnitOfWork, id: UUID) -> dict[str, Any]:
    selection = uow.get(SelectionRow, str(id))
    return {"selection": selection, "formats": formats_of(uow, selection), "translated": translated}
