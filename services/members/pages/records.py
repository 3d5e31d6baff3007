"""History records 履歴情報 in the console: search of all, download, and how long they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members import values
from services.members.api.record_schemas import KeepingSchema
from services.members.models import RecordRow
from services.members.pages.keeping import keeping_words
from services.members.pages.words import RECORD_SOURCES
from services.members.records.export import headers, rows
from services.members.records.finding import ORDERS, matching_records
from services.members.records.keeping import MOST_YEARS, going_within, keeping_of, set_keeping
from services.members.records.kinds import list_kinds
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.values import BadValue
from shared.errors import TsudoiError
from shared.tables.writing import Cell
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form
from shared.web.i18n import language
from shared.web.listing import list_rows
from shared.web.sheets import sheet_answer

pages = Blueprint("records", __name__, url_prefix="/members/console/records")
SOON = timedelta(days=60)
DAYS = ("since", "until", "goes_by")


@pages.get("")
@allow(*MEMBERS_SEE)
def show_records() -> ResponseReturnValue:
    with reading() as uow:
        found = searched(uow, request.args)
        listed = list_rows(uow.session, found, ORDERS, sort="-starts_on", unique=RecordRow.id)
        return render_template(
            "members/records.html",
            listed=listed,
            kinds=[(row.id, row.name_in(language())) for row in list_kinds(uow)],
            keeping=keeping_of(uow),
            soon=going_within(uow, SOON),
            none_yet=not listed.total and not any(request.args.values()),
            sources=RECORD_SOURCES,
            may_change=principal().may(*MEMBERS_CHANGE),
        )


@pages.get("/export.<any(csv, xlsx):kind>")
@allow(*MEMBERS_SEE)
def export(kind: str) -> ResponseReturnValue:
    """What the search finds, all of it."""

    def sheet(uow: UnitOfWork) -> tuple[Sequence[str], Iterator[Sequence[Cell]]]:
        return headers(language()), rows(uow, searched(uow, request.args), language())

    return sheet_answer("records", kind, _("History records"), sheet)


@pages.get("/keeping")
@allow(*MEMBERS_SEE)
def show_keeping() -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/record_keeping.html", **_kept(uow))


@pages.post("/keeping")
@allow(*MEMBERS_CHANGE)
def keep() -> ResponseReturnValue:
    try:
        years = load_form(KeepingSchema)["years"]
        with unit() as uow:
            set_keeping(uow, years)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/record_keeping.html", error, **_kept(uow))
    flash(_("The changes were saved."))
    return redirect(url_for("records.show_keeping"), 303)


def searched(uow: UnitOfWork, args: Mapping[str, str]) -> sa.Select[Any, Any, Any]:
    """What the address asks for; nonsense in it counts as not said."""
    days = {name: _day(args.get(name, "")) for name in DAYS}
    kind = next((row.id for row in list_kinds(uow) if row.id == args.get("kind")), "")
    return matching_records(uow, args.get("q", ""), kind=kind, member=args.get("member", ""), **days)


def _day(text: str) -> date | None:
    with suppress(BadValue):
        return values.day(text)
    return None


def _kept(uow: UnitOfWork) -> dict[str, Any]:
    return {
        **keeping_words(keeping_of(uow), uow.today, most=MOST_YEARS),
        "going": going_within(uow),
        "may_change": principal().may(*MEMBERS_CHANGE),
    }
