"""Search of members 個人会員検索・法人会員検索: kanji, kana, roman letters, number and e-mail, whatever their width;
and by what else is known of them, today or on a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.members.categories import list_categories
from services.members.custom_fields.conditions import matching_custom, wrong_conditions
from services.members.custom_fields.finding import list_fields
from services.members.models import AccountRow, MemberRow, StandingRow
from services.members.search_conditions import (
    EVERYBODY,
    KINDS,
    MemberSearch,
    beginning_of_postcode,
    spellings_of_address,
)
from services.members.search_index import Found, holds
from shared.errors import N_, Fault, InvalidInput
from shared.japan.kana import fold_kana, fold_kanji
from shared.uow import UnitOfWork

_SEPARATOR = "\n"  # no query holds it, so that nothing is found across two fields
ORDERS = {
    "number": MemberRow.number,
    "kana": MemberRow.kana,
    "joined_on": MemberRow.joined_on,
    "category": MemberRow.category,
    "standing": MemberRow.standing,
}


def fold(text: str) -> str:
    """What is compared: hiragana as katakana, one width, common kanji for variants, no case, no spaces."""
    if not text.isascii():
        text = fold_kanji(fold_kana(text))
    return "".join(text.casefold().split())


def search_text(
    name: str, kana: str, roman: str, number: str | None, email: str | None, affiliation: str, contacts: str = ""
) -> str:
    """The content of the search column. `contacts`: such texts of those who speak for a corporate member."""
    turned = "".join(reversed(roman.split()))  # "Taro Yamada" is found as "Yamada Taro" written together, too
    own = (fold(part) for part in (name, kana, roman, turned, number or "", email or "", affiliation))
    return _SEPARATOR.join(part for part in (*own, contacts) if part)


def known(uow: UnitOfWork, search: MemberSearch) -> MemberSearch:
    """The same search. Raises InvalidInput for a category or a custom field that is not there (any more)."""
    if not {row.code for row in list_categories(uow)}.issuperset(search.category):
        raise InvalidInput(faults=[Fault(N_("There is no such category."), field="category")])
    if search.custom and (faults := wrong_conditions(list_fields(uow), search.custom)):
        raise InvalidInput(faults=faults)
    return search


def matching(search: MemberSearch = EVERYBODY) -> sa.Select[Any]:
    """The members that a search finds."""
    return sa.select(MemberRow).where(MemberRow.id.in_(matching_ids(search)))


def matching_ids(search: MemberSearch) -> sa.Select[Any]:
    """The same as ids of `Found`, which can be ordered and cut short by its columns: the quick way to one page."""
    statement = sa.select(Found.id).where(*_conditions(search))
    return _who_stood(statement, search, search.on) if search.standing and search.on else statement


def ordering(sort: str) -> tuple[sa.ColumnElement[Any], ...]:
    """By one of ORDERS, downwards with `-` before it; by number where it is none of them."""
    columns: tuple[Any, ...] = (ORDERS.get(sort.removeprefix("-"), MemberRow.number), MemberRow.id)
    return tuple(column.desc() if sort.startswith("-") else column.asc() for column in columns)


def standing_on(day: date, member_id: Any = MemberRow.id) -> sa.ScalarSelect[str]:
    """The standing of a member on a day; NULL before their history begins."""
    until = sa.select(StandingRow.standing).where(StandingRow.member_id == member_id, StandingRow.starts_on <= day)
    return until.order_by(StandingRow.starts_on.desc()).limit(1).scalar_subquery()


def _conditions(search: MemberSearch) -> Iterator[sa.ColumnElement[bool]]:
    yield Found.kind.in_([search.kind] if search.kind else list(KINDS))
    for word in search.q.split():
        yield holds(fold(word))
    if search.category:
        yield Found.category.in_(search.category)
    if search.standing and not search.on:
        yield Found.standing.in_(search.standing)
    yield from _numbered(search.number_from, search.number_to)
    yield from _between(Found.joined_on, search.joined_from, search.joined_to)
    yield from _between(Found.leaves_on, search.leaves_from, search.leaves_to)
    if search.language:
        yield Found.language == search.language
    if search.email:
        yield {
            "yes": Found.email.is_not(None),
            "no": Found.email.is_(None),
            "dead": Found.address_dead_at.is_not(None),
        }[search.email]
    if search.login:
        can = sa.exists().where(AccountRow.person_id == Found.id, AccountRow.password_hash.is_not(None))
        yield can if search.login == "yes" else ~can
    if search.postcode:
        yield Found.postcode.startswith(beginning_of_postcode(search.postcode), autoescape=True)
    if search.address:
        spellings = spellings_of_address(search.address)
        yield sa.or_(*(Found.address.contains(text, autoescape=True) for text in spellings))
    yield from matching_custom(Found.custom, search.custom)


def _between(column: Any, first: date | None, last: date | None) -> Iterator[sa.ColumnElement[bool]]:
    if first:
        yield column >= first
    if last:
        yield column <= last


def _numbered(first: str, last: str) -> Iterator[sa.ColumnElement[bool]]:
    """As people count: 9 comes before 10, whether or not numbers are filled up with zeros. Between digits there are
    only digits."""
    number: Any = Found.number
    if first and first == last:
        yield number == first
        return
    if (first + last).isdigit():
        yield sa.func.substr(number, 1, 1).between("0", "9")
        number, first, last = sa.func.ltrim(number, "0"), first.lstrip("0"), last.lstrip("0")
    length = sa.func.length(number)
    if first:
        yield sa.or_(length > len(first), sa.and_(length == len(first), number >= first))
    if last:
        yield sa.or_(length < len(last), sa.and_(length == len(last), number <= last))


def _who_stood(statement: sa.Select[Any], search: MemberSearch, on: date) -> sa.Select[Any]:
    """Few are found by words: each of them is looked up. Otherwise entries are joined, of which a member has one in
    force on a day, so that the planner may begin with the entries as well as with the members."""
    if search.q:
        return statement.where(standing_on(on, Found.id).in_(search.standing))
    entry, later = aliased(StandingRow), aliased(StandingRow)
    overtaken = sa.exists().where(
        later.member_id == entry.member_id, later.starts_on > entry.starts_on, later.starts_on <= on
    )
    in_force = sa.and_(entry.standing.in_(search.standing), entry.starts_on <= on, ~overtaken)
    return statement.join(entry, entry.member_id == Found.id).where(in_force)
