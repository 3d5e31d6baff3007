"""The history records 履歴情報 of one member: looked at, added, changed and removed by hand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.record_schemas import RecordSchema
from services.members.models import MemberRow, RecordRow
from services.members.pages.words import RECORD_SOURCES
from services.members.records.by_hand import CHANGEABLE, add_record, change_record, remove_record
from services.members.records.finding import records_of
from services.members.records.keeping import keeping_of
from services.members.records.kinds import list_kinds
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.search_conditions import KINDS
from shared.errors import NotFound, TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form
from shared.web.i18n import language

pages = Blueprint("member_records", __name__, url_prefix="/members/console/members/<uuid:member>/records")
SHOWN = 200


@pages.get("")
@allow(*MEMBERS_SEE)
def show_records(member: UUID) -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/member_records.html", values={"starts_on": uow.today}, **_context(uow, member))


@pages.post("")
@allow(*MEMBERS_CHANGE)
def add(member: UUID) -> ResponseReturnValue:
    try:
        given = load_form(RecordSchema)
        with unit() as uow:
            add_record(uow, str(member), given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/member_records.html", error, **_context(uow, member))
    flash(_("The record was added."))
    return _back(member)


@pages.get("/<uuid:id>")
@allow(*MEMBERS_CHANGE)
def show_record(member: UUID, id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        context = _record_context(uow, member, id)
        row = context["record"]
        shown = {name: getattr(row, name) for name in (*CHANGEABLE, "revision")}
        shown["ends_on"] = row.ends_on if row.ends_on != row.starts_on else None
        return render_template("members/record_form.html", values=shown, **context)


@pages.post("/<uuid:id>")
@allow(*MEMBERS_CHANGE)
def change(member: UUID, id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        context = _record_context(uow, member, id)
    try:
        given = load_form(RecordSchema)
        with unit() as uow:
            change_record(uow, str(id), given, revision=request.form.get("revision", type=int))
    except TsudoiError as error:
        return form_again("members/record_form.html", error, **context)
    flash(_("The changes were saved."))
    return _back(member)


@pages.post("/<uuid:id>/remove")
@allow(*MEMBERS_CHANGE)
def remove(member: UUID, id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        _record(uow, member, id)
        remove_record(uow, str(id))
    flash(_("The record was removed."))
    return _back(member)


def _back(member: UUID) -> ResponseReturnValue:
    return redirect(url_for("member_records.show_records", member=member), 303)


def _record(uow: UnitOfWork, member: UUID, id: UUID) -> RecordRow:
    row = uow.get(RecordRow, str(id))
    if row.member_id != str(member):
        raise NotFound
    return row


def _context(uow: UnitOfWork, member: UUID) -> dict[str, Any]:
    person = uow.get(MemberRow, str(member))
    return {
        "member": person,
        "records": records_of(uow, person.id, SHOWN),
        "shown": SHOWN,
        "kinds": _kinds(uow),
        "keeping": keeping_of(uow),
        "sources": RECORD_SOURCES,
        "may_change": principal().may(*MEMBERS_CHANGE) and person.kind in KINDS,
    }


def _record_context(uow: UnitOfWork, member: UUID, id: UUID) -> dict[str, Any]:
    row = _record(uow, member, id)
    return {"member": uow.get(MemberRow, row.member_id), "record": row, "kinds": _kinds(uow)}


def _kinds(uow: UnitOfWork) -> list[tuple[str, str]]:
    return [(row.id, row.name_in(language())) for row in list_kinds(uow)]
