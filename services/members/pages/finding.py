"""What a list of members was asked for: by its address, or by the form that goes on from it; and in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import sqlalchemy as sa
from flask import request, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from msgspec import structs

from services.members.api.schemas import SearchSchema
from services.members.custom_fields.finding import list_fields
from services.members.models import AccountRow, CustomFieldRow, MemberRow, SavedSearchRow
from services.members.pages.custom_search import condition_words, search_inputs, typed_conditions, typed_values
from services.members.pages.words import BADGES, SEARCH_CHOICES, SEARCHED, category_choices, standing_choices
from services.members.roles import MEMBERS_CHANGE
from services.members.saved_searches import may_change, visible_searches
from services.members.search import ORDERS, known, matching_ids, standing_on
from services.members.search_conditions import EVERYBODY, MemberSearch
from services.members.search_index import Found, plan_each_search
from shared.errors import InvalidInput
from shared.identity import Role
from shared.uow import UnitOfWork
from shared.web.access import principal
from shared.web.filters import short_day
from shared.web.forms import load_args
from shared.web.listing import Listed, list_rows

Pairs = list[tuple[str, str]]
COUNTED_TO = 10_000
COUNTED_ON_A_DAY = 1_000  # each of them is looked up in a history
SEARCHES_SHOWN = 12  # above the list; all of them have a page of their own
KEPT = ("sort", "size", "saved")  # in the address, beside the conditions
FOUND_ORDERS = {name: getattr(Found, name) for name in ORDERS}


def asked_search(uow: UnitOfWork, load: Callable[[type[Schema]], dict[str, Any]] = load_args) -> MemberSearch:
    """By `load_args` or `load_form`. Raises InvalidInput with a fault for each condition that makes no sense."""
    search: MemberSearch = load(SearchSchema)["search"]
    return known(uow, structs.replace(search, custom=(*search.custom, *typed_conditions())))


def list_members(uow: UnitOfWork, search: MemberSearch) -> Listed:
    """The page of what is found that the address asks for."""
    plan_each_search(uow.session)
    count_to = COUNTED_ON_A_DAY if search.on else COUNTED_TO
    ids = list_rows(uow.session, matching_ids(search), FOUND_ORDERS, sort="number", unique=Found.id, count_to=count_to)
    rows = {row.id: row for row in uow.session.scalars(sa.select(MemberRow).where(MemberRow.id.in_(ids.rows)))}
    return replace(ids, rows=[rows[id] for id in ids.rows if id in rows])


def list_context(uow: UnitOfWork, search: MemberSearch, listed: Listed | None) -> dict[str, Any]:
    """For the page of the list; without `listed`: of the form, whose conditions make no sense."""
    categories, searches = category_choices(uow), visible_searches(uow)
    ids = [row.id for row in listed.rows] if listed else []
    saved = next((row for row in searches if row.id == request.args.get("saved")), None)
    overwriting = saved and may_change(uow, saved, administrator=principal().may(Role.ADMINISTRATOR))
    several: dict[str, Any] = {name: request.args.getlist(name) for name in ("category", "standing")}
    fields = list_fields(uow)
    return {
        "listed": listed,
        "nobody_yet": listed is not None and not listed.total and search == EVERYBODY,
        "values": {**request.args.to_dict(), **several, **typed_values(search)},
        "custom_inputs": search_inputs(fields, [*search.custom, *request.args.getlist("custom")]),
        "said": pairs(search),
        "conditions": in_words(pairs(search), categories, fields),
        "searched_names": SEARCHED,
        "search_choices": {name: [(c, _(text)) for c, text in found.items()] for name, found in SEARCH_CHOICES.items()},
        "searches": [(row, saved_address(row)) for row in searches[:SEARCHES_SHOWN]],
        "saved": saved,
        "may_overwrite": overwriting and saved and MemberSearch.from_plain(saved.conditions) != search,
        "categories": dict(categories),
        "category_choices": categories,
        "standings": standing_choices(),
        "badges_of": BADGES,
        "stood": _stood(uow, ids, search.on) if search.on else {},
        "with_password": _with_password(uow, ids),
        "may_change": principal().may(*MEMBERS_CHANGE),
    }


def pairs(search: MemberSearch) -> Pairs:
    """The conditions as an address or a form says them."""
    several = ((name, value if isinstance(value, (list, tuple)) else [value]) for name, value in search.plain().items())
    return [(name, text) for name, texts in several for text in texts]


def list_address(said: Pairs) -> str:
    """It can be sent to a colleague."""
    return f"{url_for('members.show_members')}?{urlencode(said)}"


def saved_address(row: SavedSearchRow) -> str:
    """Where a saved search is opened."""
    return list_address([*pairs(MemberSearch.from_plain(row.conditions)), ("saved", row.id)])


def in_words(
    said: Pairs, categories: Sequence[tuple[str, str]], fields: Sequence[CustomFieldRow]
) -> list[tuple[str, str]]:
    """Each condition, and the address of the list without it."""
    kept = [pair for pair in request.args.items(multi=True) if pair[0] in KEPT]
    names = dict(categories)
    return [
        (
            condition_words(fields, pair[1]) if pair[0] == "custom" else _word(*pair, names),
            list_address([*_without(said, pair), *kept]),
        )
        for pair in said
    ]


def ticked() -> list[str]:
    """Only ids: what is not one is dropped. Raises InvalidInput when none is left."""
    known = [id for id in request.form.getlist("id") if _is_id(id)]
    if not known:
        raise InvalidInput
    return known


def _stood(uow: UnitOfWork, ids: list[str], on: date) -> dict[str, str]:
    """What they were on a day."""
    columns = sa.select(MemberRow.id, standing_on(on)).where(MemberRow.id.in_(ids))
    return dict(row._tuple() for row in uow.session.execute(columns))


def _with_password(uow: UnitOfWork, ids: list[str]) -> set[str]:
    statement = sa.select(AccountRow.person_id).where(
        AccountRow.person_id.in_(ids), AccountRow.password_hash.is_not(None)
    )
    return set(uow.session.scalars(statement))


def _word(name: str, text: str, categories: dict[str, str]) -> str:
    if name in SEARCH_CHOICES:
        text = _(SEARCH_CHOICES[name][text])
    elif name == "category":
        text = categories.get(text, text)
    elif name in ("on", "joined_from", "joined_to", "leaves_from", "leaves_to"):
        text = short_day(date.fromisoformat(text))
    return str(_("%(what)s: %(value)s", what=_(SEARCHED[name]), value=text))


def _without(said: Pairs, dropped: tuple[str, str]) -> Pairs:
    """A day goes with the last standing that it belongs to."""
    rest = [pair for pair in said if pair != dropped]
    stands = any(name == "standing" for name, _text in rest)
    return [(name, text) for name, text in rest if name != "on" or stands]


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
