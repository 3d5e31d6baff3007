"""Saved searches 保存した検索 in the console: named, opened, renamed, given other conditions, removed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.searches import NameSchema
from services.members.custom_fields.finding import list_fields
from services.members.models import SavedSearchRow
from services.members.pages.finding import Pairs, asked_search, in_words, pairs, saved_address
from services.members.pages.words import category_choices
from services.members.roles import MEMBERS_SEE
from services.members.saved_searches import (
    change_search,
    may_change,
    remove_search,
    save_search,
    visible_search,
    visible_searches,
)
from services.members.search_conditions import MemberSearch
from shared.errors import TsudoiError
from shared.identity import Role
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import form_again, load_form

pages = Blueprint("searches", __name__, url_prefix="/members/console/searches")


@pages.get("")
@allow(*MEMBERS_SEE)
def show_searches() -> ResponseReturnValue:
    with reading() as uow:
        rows = [(row, saved_address(row), _words(uow, _said(row)), _may(uow, row)) for row in visible_searches(uow)]
        return render_template("members/searches.html", searches=rows)


@pages.get("/new")
@allow(*MEMBERS_SEE)
def show_saving() -> ResponseReturnValue:
    """With the conditions in the address."""
    with reading() as uow:
        said = pairs(asked_search(uow))
        return render_template("members/search_form.html", saved=None, said=said, conditions=_words(uow, said))


@pages.post("")
@allow(*MEMBERS_SEE)
def save() -> ResponseReturnValue:
    with reading() as uow:
        search = asked_search(uow, load_form)
        conditions = _words(uow, pairs(search))
    try:
        with unit() as uow:
            row = save_search(uow, search, **load_form(NameSchema))
    except TsudoiError as error:
        return form_again("members/search_form.html", error, saved=None, said=pairs(search), conditions=conditions)
    flash(_("The search was saved as “%(name)s”.", name=row.name))
    return redirect(saved_address(row), 303)


@pages.get("/<uuid:id>")
@allow(*MEMBERS_SEE)
def show_search(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        context = _context(uow, id)
        values = {"name": context["saved"].name, "shared": context["saved"].shared}
        return render_template("members/search_form.html", values=values, **context)


@pages.post("/<uuid:id>")
@allow(*MEMBERS_SEE)
def rename(id: UUID) -> ResponseReturnValue:
    """Another name, or other eyes."""
    try:
        given = load_form(NameSchema)
        with unit() as uow:
            change_search(uow, str(id), administrator=principal().may(Role.ADMINISTRATOR), **given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/search_form.html", error, **_context(uow, id))
    flash(_("The changes were saved."))
    return redirect(url_for("searches.show_searches"), 303)


@pages.post("/<uuid:id>/conditions")
@allow(*MEMBERS_SEE)
def overwrite(id: UUID) -> ResponseReturnValue:
    """The search of the list from which this comes takes the place of the saved one."""
    with unit() as uow:
        search = asked_search(uow, load_form)
        row = change_search(uow, str(id), administrator=principal().may(Role.ADMINISTRATOR), search=search)
    flash(_("The search was saved as “%(name)s”.", name=row.name))
    return redirect(saved_address(row), 303)


@pages.post("/<uuid:id>/remove")
@allow(*MEMBERS_SEE)
def remove(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        remove_search(uow, str(id), administrator=principal().may(Role.ADMINISTRATOR))
    flash(_("The saved search was removed."))
    return redirect(url_for("searches.show_searches"), 303)


def _context(uow: UnitOfWork, id: UUID) -> dict[str, Any]:
    row = visible_search(uow, str(id))
    return {"saved": row, "said": [], "conditions": _words(uow, _said(row)), "may_change": _may(uow, row)}


def _may(uow: UnitOfWork, row: SavedSearchRow) -> bool:
    return may_change(uow, row, administrator=principal().may(Role.ADMINISTRATOR))


def _said(row: SavedSearchRow) -> Pairs:
    return pairs(MemberSearch.from_plain(row.conditions))


def _words(uow: UnitOfWork, said: Pairs) -> list[str]:
    return [text for text, _without in in_words(said, category_choices(uow), list_fields(uow))]
