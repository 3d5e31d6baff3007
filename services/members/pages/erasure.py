"""The end of personal data 個人情報の消去 in the console: how long, who, when; of one person: hold, data, erasure."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from services.members import values
from services.members.api.erasure import HoldSchema, OwnPasswordSchema, PersonKeepingSchema
from services.members.erasure.due import (
    MOST_YEARS,
    day_of,
    goes_on,
    going_within,
    hold_back,
    hold_of,
    keeping_of,
    refuse_needed,
    release,
    set_keeping,
)
from services.members.erasure.erasing import erase_on_request, tell_again, what_goes
from services.members.erasure.lists import ORDERS, erased_rows, leaving, rows
from services.members.logins import check_own_password
from services.members.models import MemberRow
from services.members.own_data import Rows, hand_out, write_zip
from services.members.pages.keeping import keeping_words
from services.members.pages.words import BADGES, FIELDS, OWN_DATA
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE, PEOPLE_ERASE
from services.members.standings.words import STANDINGS
from services.members.values import BadValue
from shared.errors import TsudoiError
from shared.tables.writing import Cell
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, running_service, unit
from shared.web.forms import Faults, form_again, load_form
from shared.web.listing import list_rows
from shared.web.problems import translated
from shared.web.sheets import sheet_answer

pages = Blueprint("erasure", __name__, url_prefix="/members/console")
OF_PERSON = "/members/<uuid:id>/erasure"
WORDS = {**FIELDS, **OWN_DATA}


@pages.get("/erasure")
@allow(*MEMBERS_SEE)
def show_list() -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/erasure.html", **_list(uow))


@pages.post("/erasure")
@allow(*PEOPLE_ERASE)
def keep() -> ResponseReturnValue:
    try:
        years = load_form(PersonKeepingSchema)["years"]
        with unit() as uow:
            set_keeping(uow, years)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/erasure.html", error, **_list(uow))
    flash(_("The changes were saved."))
    return redirect(url_for("erasure.show_list"), 303)


@pages.post("/erasure/tell")
@allow(*PEOPLE_ERASE)
def tell() -> ResponseReturnValue:
    """After another service was restored from an old back-up."""
    with unit() as uow:
        told = tell_again(uow)
    flash(ngettext("%(num)s erasure was told again.", "%(num)s erasures were told again.", told))
    return redirect(url_for("erasure.show_list"), 303)


@pages.get("/erasure/export.<any(csv, xlsx):kind>")
@allow(*MEMBERS_SEE)
def export(kind: str) -> ResponseReturnValue:
    """Who is erased, as far as the list was searched."""
    headers = [_("Member number"), _("Name"), _("Standing"), _("Since"), _("Erased on"), _("Held back because")]

    def sheet(uow: UnitOfWork) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        return headers, rows(uow, leaving(uow, **_asked()), {code: _(text) for code, text in STANDINGS.items()})

    return sheet_answer("erasure", kind, _("Erasure of personal data"), sheet)


@pages.get("/erasure/erased.csv")
@allow(*PEOPLE_ERASE)
def export_erased() -> ResponseReturnValue:
    headers = ["person_id", _("Erased on"), _("Cause")]
    return sheet_answer("erased", "csv", _("Erased people"), lambda uow: (headers, erased_rows(uow)))


@pages.get(OF_PERSON)
@allow(*MEMBERS_SEE)
def show_person(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/person_erasure.html", **_person(uow, id))


@pages.post(f"{OF_PERSON}/hold")
@allow(*MEMBERS_CHANGE)
def hold(id: UUID) -> ResponseReturnValue:
    try:
        reason = load_form(HoldSchema(only=("reason",)))["reason"].strip()
        with unit() as uow:
            hold_back(uow, str(id), reason)
    except TsudoiError as error:
        return _again(id, error)
    flash(_("They are held back: nothing of them is erased until you release them."))
    return redirect(url_for("erasure.show_person", id=id), 303)


@pages.post(f"{OF_PERSON}/release")
@allow(*MEMBERS_CHANGE)
def let_go(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        release(uow, str(id))
    flash(_("They are not held back any more."))
    return redirect(url_for("erasure.show_person", id=id), 303)


@pages.post(f"{OF_PERSON}/now")
@allow(*PEOPLE_ERASE)
def erase(id: UUID) -> ResponseReturnValue:
    try:
        _check_password()
        with unit() as uow:
            erase_on_request(uow, str(id))
    except TsudoiError as error:
        return _again(id, error)
    flash(_("The data was erased here. The other services follow within a minute."))
    return redirect(url_for("erasure.show_list"), 303)


@pages.post(f"{OF_PERSON}/data")
@allow(*PEOPLE_ERASE)
def hand_out_data(id: UUID) -> ResponseReturnValue:
    """All that is held of a person, for the office to look through before it is handed out."""
    try:
        _check_password()
        with unit() as uow:
            tables = hand_out(uow, str(id), whole=True)
    except TsudoiError as error:
        return _again(id, error)
    return zip_answer(tables, f"person-{id}")


def zip_answer(tables: Mapping[str, Rows], name: str) -> Response:
    """A person's data is small: some hundred rows."""
    file = io.BytesIO()
    write_zip(tables, file, lambda column: _(WORDS[column]) if column in WORDS else column)
    file.seek(0)
    return send_file(file, "application/zip", as_attachment=True, download_name=f"{name}.zip")


def _check_password() -> None:
    check_own_password(running_service(), principal(), load_form(OwnPasswordSchema)["password"], field="password")


def _again(id: UUID, error: TsudoiError) -> ResponseReturnValue:
    with reading() as uow:
        page = render_template("members/person_erasure.html", **_person(uow, id), faults=Faults(error))
    return page, error.kind.status


def _asked() -> dict[str, Any]:
    """Nonsense in the address counts as not said."""
    by: date | None = None
    with suppress(BadValue):
        by = values.day(request.args.get("by", ""))
    return {"by": by, "text": request.args.get("q", ""), "held": request.args.get("held") == "yes"}


def _list(uow: UnitOfWork) -> dict[str, Any]:
    keeping = keeping_of(uow)
    return {
        "listed": list_rows(uow.session, leaving(uow, **_asked()), ORDERS, sort="since", unique=MemberRow.id),
        "goes_on": lambda person, *since: max(goes_on(keeping, person.standing, *since), uow.today),
        **keeping_words(keeping, uow.today, most=MOST_YEARS),
        "going": going_within(uow),
        "badges_of": BADGES,
        "may_change": principal().may(*PEOPLE_ERASE),
    }


def _person(uow: UnitOfWork, id: UUID) -> dict[str, Any]:
    person = uow.get(MemberRow, str(id))
    return {
        "member": person,
        "goes": day_of(uow, person.id),
        "hold": hold_of(uow, person.id),
        "refused": _why_not(uow, person),
        "counts": what_goes(uow, person.id),
        "may_hold": principal().may(*MEMBERS_CHANGE),
        "may_erase": principal().may(*PEOPLE_ERASE),
    }


def _why_not(uow: UnitOfWork, person: MemberRow) -> str:
    try:
        refuse_needed(uow, person)
    except TsudoiError as error:
        return translated(error)
    return ""
