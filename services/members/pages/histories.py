"""The histories of one member 会員状況履歴, 会員種別履歴: looked at, added to, put right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema

from services.members.api.histories import CategoryEntrySchema, StandingChangeSchema, StandingEntrySchema
from services.members.histories.categories import change_category_of, edit_category_entry
from services.members.histories.changing import history_of, remove_entry
from services.members.histories.tracks import CATEGORY, STANDING, Track
from services.members.models import DatedEntry, MemberRow
from services.members.pages.words import BADGES, category_choices, standing_choices
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.standings.history import change_standing, edit_standing
from shared.errors import NotFound, TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form

pages = Blueprint("histories", __name__, url_prefix="/members/console/members/<uuid:member>")


@dataclass(frozen=True)
class Side:
    """What a history does with its forms."""

    track: Track
    change_schema: type[Schema]
    change: Callable[..., MemberRow]
    entry_schema: type[Schema]
    edit: Callable[..., MemberRow]
    choices: Callable[[UnitOfWork], list[tuple[str, str]]]


SIDES = {
    "standings": Side(
        STANDING,
        StandingChangeSchema,
        change_standing,
        StandingEntrySchema,
        edit_standing,
        lambda uow: standing_choices(),
    ),
    "categories": Side(
        CATEGORY,
        CategoryEntrySchema,
        change_category_of,
        CategoryEntrySchema,
        edit_category_entry,
        category_choices,
    ),
}
WHICH = "/<any(standings, categories):which>"


@pages.get(WHICH)
@allow(*MEMBERS_SEE)
def show_history(member: UUID, which: str) -> ResponseReturnValue:
    with reading() as uow:
        values = {"starts_on": uow.today}
        return render_template("members/history.html", values=values, **_context(uow, member, which))


@pages.post(WHICH)
@allow(*MEMBERS_CHANGE)
def change(member: UUID, which: str) -> ResponseReturnValue:
    side = SIDES[which]
    try:
        given = load_form(side.change_schema)
        with unit() as uow:
            row = side.change(uow, str(member), **given)
            coming = given["starts_on"] > uow.today
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/history.html", error, **_context(uow, member, which))
    flash(_("The change is scheduled.") if coming else _("The history of %(name)s was changed.", name=row.name))
    return _back(member, which)


@pages.get(f"{WHICH}/<uuid:id>")
@allow(*MEMBERS_CHANGE)
def show_entry(member: UUID, which: str, id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        entry = SIDES[which].track.entry(_entry(uow, member, which, id))
        values = {SIDES[which].track.name: entry.value, "starts_on": entry.starts_on}
        return render_template("members/history_form.html", values=values, **_entry_context(uow, member, which, id))


@pages.post(f"{WHICH}/<uuid:id>")
@allow(*MEMBERS_CHANGE)
def edit(member: UUID, which: str, id: UUID) -> ResponseReturnValue:
    side = SIDES[which]
    try:
        given = load_form(side.entry_schema)
        with unit() as uow:
            side.edit(uow, str(member), str(id), **given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/history_form.html", error, **_entry_context(uow, member, which, id))
    flash(_("The changes were saved."))
    return _back(member, which)


@pages.post(f"{WHICH}/<uuid:id>/remove")
@allow(*MEMBERS_CHANGE)
def remove(member: UUID, which: str, id: UUID) -> ResponseReturnValue:
    try:
        with unit() as uow:
            remove_entry(uow, SIDES[which].track, str(member), str(id))
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/history.html", error, **_context(uow, member, which))
    flash(_("The entry was removed."))
    return _back(member, which)


def _back(member: UUID, which: str) -> ResponseReturnValue:
    return redirect(url_for("histories.show_history", member=member, which=which), 303)


def _entry(uow: UnitOfWork, member: UUID, which: str, id: UUID) -> DatedEntry:
    entry = uow.get(SIDES[which].track.rows, str(id))
    if entry.member_id != str(member):
        raise NotFound
    return entry


def _context(uow: UnitOfWork, member: UUID, which: str) -> dict[str, Any]:
    side = SIDES[which]
    return {
        "member": uow.get(MemberRow, str(member)),
        "history": history_of(uow, side.track, str(member)),
        "choices": side.choices(uow),
        "which": which,
        "badges_of": BADGES,
        "may_change": principal().may(*MEMBERS_CHANGE),
    }


def _entry_context(uow: UnitOfWork, member: UUID, which: str, id: UUID) -> dict[str, Any]:
    return {
        "member": uow.get(MemberRow, str(member)),
        "entry": _entry(uow, member, which, id),
        "choices": SIDES[which].choices(uow),
        "which": which,
    }
