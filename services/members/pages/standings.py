"""The history of one member's standings 会員状況履歴: looked at, added to, put right."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.standings import EntrySchema, StandingChangeSchema
from services.members.models import MemberRow, StandingRow
from services.members.pages.words import BADGES, standing_choices
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.standings.history import change_standing, edit_standing, history_of, remove_standing
from shared.errors import NotFound, TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form

pages = Blueprint("standings", __name__, url_prefix="/members/console/members/<uuid:member>/standings")


@pages.get("")
@allow(*MEMBERS_SEE)
def show_standings(member: UUID) -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/standings.html", values={"starts_on": uow.today}, **_context(uow, member))


@pages.post("")
@allow(*MEMBERS_CHANGE)
def change(member: UUID) -> ResponseReturnValue:
    try:
        given = load_form(StandingChangeSchema)
        with unit() as uow:
            row = change_standing(uow, str(member), **given)
            coming = given["starts_on"] > uow.today
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/standings.html", error, **_context(uow, member))
    flash(_("The change is scheduled.") if coming else _("The standing of %(name)s was changed.", name=row.name))
    return _back(member)


@pages.get("/<uuid:id>")
@allow(*MEMBERS_CHANGE)
def show_entry(member: UUID, id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        entry = _entry(uow, member, id)
        values = {"standing": entry.standing, "starts_on": entry.starts_on}
        return render_template("members/standing_form.html", values=values, **_entry_context(uow, member, id))


@pages.post("/<uuid:id>")
@allow(*MEMBERS_CHANGE)
def edit(member: UUID, id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(EntrySchema)
        with unit() as uow:
            edit_standing(uow, str(member), str(id), **given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/standing_form.html", error, **_entry_context(uow, member, id))
    flash(_("The changes were saved."))
    return _back(member)


@pages.post("/<uuid:id>/remove")
@allow(*MEMBERS_CHANGE)
def remove(member: UUID, id: UUID) -> ResponseReturnValue:
    try:
        with unit() as uow:
            remove_standing(uow, str(member), str(id))
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/standings.html", error, **_context(uow, member))
    flash(_("The entry was removed."))
    return _back(member)


def _back(member: UUID) -> ResponseReturnValue:
    return redirect(url_for("standings.show_standings", member=member), 303)


def _entry(uow: UnitOfWork, member: UUID, id: UUID) -> StandingRow:
    entry = uow.get(StandingRow, str(id))
    if entry.member_id != str(member):
        raise NotFound
    return entry


def _context(uow: UnitOfWork, member: UUID) -> dict[str, Any]:
    return {
        "member": uow.get(MemberRow, str(member)),
        "history": history_of(uow, str(member)),
        "standings": standing_choices(),
        "badges_of": BADGES,
        "may_change": principal().may(*MEMBERS_CHANGE),
    }


def _entry_context(uow: UnitOfWork, member: UUID, id: UUID) -> dict[str, Any]:
    return {
        "member": uow.get(MemberRow, str(member)),
        "entry": _entry(uow, member, id),
        "standings": standing_choices(),
    }
