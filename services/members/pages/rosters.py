"""Import of a roster: upload → dry run → confirm → result."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.difference_schemas import RosterModeSchema
from services.members.custom_fields.finding import used_fields
from services.members.custom_fields.words import example
from services.members.pages.uploads import MOST_MEBI, sent_file, serve_uploads
from services.members.pages.words import ROSTER_BADGES, ROSTER_MODES
from services.members.roles import MEMBERS_CHANGE
from services.members.rosters.columns import COLUMNS, EXAMPLE, title
from services.members.rosters.upload import list_rosters, upload_roster
from shared.errors import TsudoiError
from shared.tables import write_csv
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, unit
from shared.web.forms import form_again, load_form
from shared.web.i18n import language

pages = Blueprint("rosters", __name__, url_prefix="/members/console/import")
serve_uploads(pages)


@pages.get("")
@allow(*MEMBERS_CHANGE)
def show_uploads() -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/rosters.html", values={"mode": "both"}, **_context(uow))


@pages.post("")
@allow(*MEMBERS_CHANGE)
def upload() -> ResponseReturnValue:
    try:
        mode = load_form(RosterModeSchema)["mode"]
        name, file = sent_file()
        with unit() as uow:
            roster = upload_roster(uow, name, file.stream, mode=mode)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/rosters.html", error, **_context(uow))
    return redirect(url_for("rosters.show_upload", id=roster.id), 303)


@pages.get("/template.csv")
@allow(*MEMBERS_CHANGE)
def template() -> ResponseReturnValue:
    """An empty roster with all headers, also those of custom fields, and one row as an example."""
    with reading() as uow:
        fields = used_fields(uow)
    headers = [*(title(c.name, language()) for c in COLUMNS), *(field.label_in(language()) for field in fields)]
    examples = [*EXAMPLE, *(example(field, language()) for field in fields)]
    answer = Response(b"".join(write_csv(headers, [examples])), mimetype="text/csv")
    answer.headers["Content-Disposition"] = "attachment; filename=roster.csv"
    return answer


def _context(uow: UnitOfWork) -> dict[str, object]:
    columns = [(title(c.name, language()), c.required) for c in COLUMNS]
    columns += [(field.label_in(language()), False) for field in used_fields(uow)]
    return {
        "columns": columns,
        "most": MOST_MEBI,
        "badges_of": ROSTER_BADGES,
        "modes": [(mode, _(text)) for mode, text in ROSTER_MODES.items()],
        "mode_names": ROSTER_MODES,
        "rosters": list_rosters(uow),
    }
