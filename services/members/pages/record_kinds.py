"""Kinds of records 履歴種別 in the console."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.record_schemas import RecordKindSchema
from services.members.models import RecordKindRow
from services.members.records.kinds import add_kind, change_kind, count_records, list_kinds, move_kind, remove_kind
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared.errors import TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form

pages = Blueprint("record_kinds", __name__, url_prefix="/members/console/records/kinds")


@pages.get("")
@allow(*MEMBERS_SEE)
def show_kinds() -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/record_kinds.html", **_context(uow))


@pages.post("")
@allow(*MEMBERS_CHANGE)
def add() -> ResponseReturnValue:
    try:
        given = load_form(RecordKindSchema)
        with unit() as uow:
            add_kind(uow, **given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/record_kinds.html", error, **_context(uow))
    flash(_("The kind was added."))
    return _back()


@pages.get("/<uuid:id>")
@allow(*MEMBERS_CHANGE)
def show_kind(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        row, count = _kind(uow, id)
    values = {"name": row.name, "name_en": row.name_en}
    return render_template("members/record_kind_form.html", values=values, kind=row, count=count)


@pages.post("/<uuid:id>")
@allow(*MEMBERS_CHANGE)
def change(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        row, count = _kind(uow, id)
    try:
        given = load_form(RecordKindSchema)
        with unit() as uow:
            change_kind(uow, str(id), **given)
    except TsudoiError as error:
        return form_again("members/record_kind_form.html", error, kind=row, count=count)
    flash(_("The changes were saved."))
    return _back()


@pages.post("/<uuid:id>/<any(up, down):way>")
@allow(*MEMBERS_CHANGE)
def move(id: UUID, way: str) -> ResponseReturnValue:
    with unit() as uow:
        move_kind(uow, str(id), up=way == "up")
    return _back()


@pages.post("/<uuid:id>/remove")
@allow(*MEMBERS_CHANGE)
def remove(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        remove_kind(uow, str(id))
    flash(_("The kind was removed."))
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("record_kinds.show_kinds"), 303)


def _kind(uow: UnitOfWork, id: UUID) -> tuple[RecordKindRow, int]:
    return uow.get(RecordKindRow, str(id)), count_records(uow).get(str(id), 0)


def _context(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "kinds": list_kinds(uow),
        "counts": count_records(uow),
        "may_change": principal().may(*MEMBERS_CHANGE),
    }
