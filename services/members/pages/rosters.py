"""Import of a roster: upload → dry run → confirm → result."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.models import RosterFaultRow, RosterRow
from services.members.pages.words import ROSTER_BADGES
from services.members.roles import MEMBERS_CHANGE
from services.members.rosters.columns import COLUMNS, EXAMPLE, title
from services.members.rosters.upload import (
    check_again,
    confirm_roster,
    discard_roster,
    faults_of,
    list_rosters,
    upload_roster,
)
from shared import jobs
from shared.errors import N_, Fault, InvalidInput, TsudoiError
from shared.tables import write_csv
from shared.tables.limits import MEBI, Limits
from shared.web.access import allow, reading, unit
from shared.web.forms import form_again
from shared.web.i18n import language

pages = Blueprint("rosters", __name__, url_prefix="/members/console/import")
SHOWN_FAULTS = 1_000


@pages.get("")
@allow(*MEMBERS_CHANGE)
def show_rosters() -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/rosters.html", **_context(), rosters=list_rosters(uow))


@pages.post("")
@allow(*MEMBERS_CHANGE)
def upload() -> ResponseReturnValue:
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise InvalidInput(faults=[Fault(N_("Please choose a file."), field="file")])
        with unit() as uow:
            roster = upload_roster(uow, file.filename, file.stream)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/rosters.html", error, **_context(), rosters=list_rosters(uow))
    return redirect(url_for("rosters.show_roster", id=roster.id), 303)


@pages.get("/template.csv")
@allow(*MEMBERS_CHANGE)
def template() -> ResponseReturnValue:
    """An empty roster with all headers, and one row as an example."""
    answer = Response(b"".join(write_csv([title(c.name, language()) for c in COLUMNS], [EXAMPLE])), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=roster.csv"
    return answer


@pages.get("/<uuid:id>")
@allow(*MEMBERS_CHANGE)
def show_roster(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        roster = uow.get(RosterRow, str(id))
        faults = [_shown(fault) for fault in faults_of(uow, roster.id, SHOWN_FAULTS)]
        return render_template(
            "members/roster.html",
            roster=roster,
            job=jobs.look(uow, roster.job_id),
            fault_rows=faults,
            badges_of=ROSTER_BADGES,
        )


@pages.get("/<uuid:id>/faults.csv")
@allow(*MEMBERS_CHANGE)
def download_faults(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        uow.get(RosterRow, str(id))
    answer = Response(stream_with_context(_fault_lines(str(id))), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=roster-errors.csv"
    return answer


@pages.post("/<uuid:id>/confirm")
@allow(*MEMBERS_CHANGE)
def confirm(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        confirm_roster(uow, str(id))
    return redirect(url_for("rosters.show_roster", id=id), 303)


@pages.post("/<uuid:id>/check")
@allow(*MEMBERS_CHANGE)
def check(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        check_again(uow, str(id))
    return redirect(url_for("rosters.show_roster", id=id), 303)


@pages.post("/<uuid:id>/discard")
@allow(*MEMBERS_CHANGE)
def discard(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        discard_roster(uow, str(id))
    flash(_("The file was discarded. Nothing was imported."))
    return redirect(url_for("rosters.show_rosters"), 303)


def _context() -> dict[str, object]:
    columns = [(title(c.name, language()), c.required, c.headers) for c in COLUMNS]
    return {"columns": columns, "most": Limits().max_bytes // MEBI, "badges_of": ROSTER_BADGES}


def _shown(fault: RosterFaultRow) -> tuple[int, str, str]:
    return fault.row, title(fault.column, language()), _(fault.text, **fault.params)


def _fault_lines(id: str) -> Iterator[bytes]:
    with reading() as uow:
        yield from write_csv(
            [_("Row"), _("Column"), _("What is wrong")], (_shown(fault) for fault in faults_of(uow, id))
        )
