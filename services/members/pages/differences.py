"""What an import would change 差分: looked at before it is confirmed, searched, and taken along as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.custom_fields.finding import list_fields
from services.members.custom_fields.words import as_it_stands, in_words
from services.members.models import CustomFieldRow, RosterRow, StagedRow
from services.members.pages.words import FIELDS, category_choices, recorded_word
from services.members.roles import MEMBERS_CHANGE
from services.members.rosters.differences import (
    ACTIONS,
    CUSTOM,
    Compared,
    Difference,
    all_compared,
    compared,
    staged_rows,
)
from shared.errors import N_, NotFound
from shared.tables.writing import Cell
from shared.uow import UnitOfWork
from shared.web.access import allow, reading
from shared.web.badges import Badge
from shared.web.filters import number, short_day
from shared.web.i18n import language
from shared.web.listing import list_rows
from shared.web.sheets import sheet_answer

pages = Blueprint("differences", __name__, url_prefix="/members/console/import/<uuid:id>")
ORDERS = {"row": StagedRow.row, "number": StagedRow.number, "kana": StagedRow.kana}
BADGES = {
    "new": Badge(N_("New"), "good", "user-plus"),
    "changed": Badge(N_("Changed"), "info", "pencil"),
    "same": Badge(N_("Unchanged"), "neutral", "check"),
}
Worded = tuple[str, str, str]  # field, before, after


@pages.get("/differences")
@allow(*MEMBERS_CHANGE)
def show_differences(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        roster = roster_of_members(uow, id)
        listed = list_rows(uow.session, _asked(roster), ORDERS, sort="row", unique=StagedRow.id)
        worded = _worded(uow)
        return render_template(
            "members/differences.html",
            roster=roster,
            listed=listed,
            rows=[(row, [worded(each) for each in row.differences]) for row in compared(uow, listed.rows)],
            actions=[(action, _(BADGES[action].text)) for action in ACTIONS],
            fields=differing_fields(uow, roster),
            badges_of=BADGES,
        )


@pages.get("/differences.<any(csv, xlsx):kind>")
@allow(*MEMBERS_CHANGE)
def export(kind: str, id: UUID) -> ResponseReturnValue:
    """A line for each field, of all rows that the page has found."""
    with reading() as uow:
        roster = roster_of_members(uow, id)

    def sheet(uow: UnitOfWork) -> tuple[Sequence[str], Iterator[Sequence[Cell]]]:
        headers = [_("Row"), _("New or changed"), _("Member number"), _("Name"), _("Field"), _("Before"), _("After")]
        return headers, _lines(all_compared(uow, _asked(roster)), _worded(uow))

    return sheet_answer("roster-differences", kind, _("Differences"), sheet)


def roster_of_members(uow: UnitOfWork, id: UUID) -> RosterRow:
    """Raises NotFound, also for a file of something else."""
    roster = uow.get(RosterRow, str(id))
    if roster.holds != "members":
        raise NotFound
    return roster


def differing_fields(uow: UnitOfWork, roster: RosterRow) -> list[tuple[str, str]]:
    """Each field that the file changes, with its name and how often, the most frequent first."""
    custom = _custom(uow)
    return [
        (name, _("%(field)s (%(count)s)", field=_name(custom, name), count=number(count)))
        for name, count in roster.differing.items()
    ]


def _asked(roster: RosterRow) -> sa.Select[Any]:
    """What the address asks for; nonsense in it counts as not said."""
    action, field = request.args.get("action", ""), request.args.get("field", "")
    return staged_rows(
        roster.id,
        action=action if action in ACTIONS else "",
        field=field if field in roster.differing else "",
        q=request.args.get("q", ""),
    )


def _worded(uow: UnitOfWork) -> Callable[[Difference], Worded]:
    return partial(_in_words, dict(category_choices(uow)), _custom(uow))


def _custom(uow: UnitOfWork) -> dict[str, CustomFieldRow]:
    return {CUSTOM + field.key: field for field in list_fields(uow)}


def _in_words(categories: Mapping[str, str], custom: Mapping[str, CustomFieldRow], each: Difference) -> Worded:
    before, after = (_word(categories, custom, each.field, value) for value in (each.before, each.after))
    return _name(custom, each.field), before, after


def _name(custom: Mapping[str, CustomFieldRow], name: str) -> str:
    if name in custom:
        return custom[name].label_in(language())
    return name.removeprefix(CUSTOM) if name.startswith(CUSTOM) else _(FIELDS.get(name, name))


def _word(categories: Mapping[str, str], custom: Mapping[str, CustomFieldRow], name: str, value: Any) -> str:
    if not value:
        return ""
    if isinstance(value, date):
        return short_day(value)
    if name in custom:
        return in_words(custom[name], value, language())
    if name.startswith(CUSTOM):
        return as_it_stands(value, language())
    return str(recorded_word(name, value, categories))


def _lines(rows: Iterator[Compared], worded: Callable[[Difference], Worded]) -> Iterator[Sequence[Cell]]:
    for row in rows:
        about = (row.row, _(BADGES[row.action].text), row.number, row.name)
        for each in row.differences:
            yield *about, *worded(each)
        if not row.differences:
            yield *about, "", "", ""
