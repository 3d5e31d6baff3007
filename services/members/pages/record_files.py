"""Import of history records 履歴情報インポート: template → upload → dry run → confirm → result."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, redirect, render_template, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.record_schemas import ModeSchema
from services.members.pages.uploads import MOST_MEBI, sent_file, serve_uploads
from services.members.pages.words import RECORD_MODES, ROSTER_BADGES
from services.members.records.columns import COLUMNS, EXAMPLE, EXPLAINED, NEEDED, title
from services.members.records.kinds import list_kinds
from services.members.roles import MEMBERS_CHANGE
from services.members.rosters.upload import list_rosters, upload_roster
from shared.errors import TsudoiError
from shared.tables import Sheet, write_sheets
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, unit
from shared.web.forms import form_again, load_form
from shared.web.i18n import language

pages = Blueprint("record_files", __name__, url_prefix="/members/console/records/import")
serve_uploads(pages)


@pages.get("")
@allow(*MEMBERS_CHANGE)
def show_uploads() -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/record_files.html", values={"mode": "add"}, **_context(uow))


@pages.post("")
@allow(*MEMBERS_CHANGE)
def upload() -> ResponseReturnValue:
    try:
        mode = load_form(ModeSchema)["mode"]
        name, file = sent_file()
        with unit() as uow:
            row = upload_roster(uow, name, file.stream, holds="records", mode=mode)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/record_files.html", error, **_context(uow))
    return redirect(url_for("record_files.show_upload", id=row.id), 303)


@pages.get("/template.xlsx")
@allow(*MEMBERS_CHANGE)
def template() -> ResponseReturnValue:
    """An empty sheet with all headers, and a second one that explains each column, with an example."""
    with reading() as uow:
        kinds = [row.name_in(language()) for row in list_kinds(uow)]
    titles = [title(column.name, language()) for column in COLUMNS]
    told = {"kinds": _(", ").join(kinds)}
    explained = [
        (
            title(column.name, language()),
            _("required") if column.name in NEEDED else "",
            _(EXPLAINED[column.name], **told),
            kinds[0] if column.name == "kind_id" and kinds else EXAMPLE[column.name],
        )
        for column in COLUMNS
    ]
    sheets = (
        Sheet(_("History records"), titles, widths=[max(12, 2 * len(text)) for text in titles]),
        Sheet(
            _("How to fill it in"),
            [_("Column"), _("required"), _("Explanation"), _("Example")],
            explained,
            (22, 10, 90, 30),
        ),
    )
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        write_sheets(sheets, Path(file.name))
        return send_file(open(file.name, "rb"), download_name="records-template.xlsx", as_attachment=True)


def _context(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "most": MOST_MEBI,
        "badges_of": ROSTER_BADGES,
        "modes": [(mode, _(text)) for mode, text in RECORD_MODES.items()],
        "mode_names": RECORD_MODES,
        "rosters": list_rosters(uow, "records"),
    }
