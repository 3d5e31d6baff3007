"""Search of members 個人会員検索: kanji, kana, roman letters, number and e-mail, whatever their width."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.models import MemberRow, StandingRow
from shared.japan.kana import fold_kana, fold_kanji

_SEPARATOR = "\n"  # no query holds it, so that nothing is found across two fields
LISTED_KINDS = ("individual", "corporate")
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


def search_text(name: str, kana: str, roman: str, number: str | None, email: str | None, affiliation: str) -> str:
    """The content of the search column."""
    turned = "".join(reversed(roman.split()))  # "Taro Yamada" is found as "Yamada Taro" written together, too
    return _SEPARATOR.join(
        fold(part) for part in (name, kana, roman, turned, number or "", email or "", affiliation) if part
    )


def matching(query: str = "", *, category: str = "", standing: str = "", on: date | None = None) -> sa.Select[Any]:
    """Members that contain every word of the query, by category code and standing (today, or on a day) where given."""
    statement = sa.select(MemberRow).where(MemberRow.kind.in_(LISTED_KINDS))
    for word in query.split():
        statement = statement.where(MemberRow.search.contains(fold(word), autoescape=True))
    if category:
        statement = statement.where(MemberRow.category == category)
    if standing:
        statement = statement.where(_stood(standing, on) if on else MemberRow.standing == standing)
    return statement


def ordering(sort: str) -> tuple[sa.ColumnElement[Any], ...]:
    """By one of ORDERS, downwards with `-` before it; by number where it is none of them."""
    column: Any = ORDERS.get(sort.removeprefix("-"), MemberRow.number)
    return (column.desc() if sort.startswith("-") else column.asc(), MemberRow.id.asc())


def _stood(standing: str, on: date) -> sa.ColumnElement[bool]:
    until = sa.select(StandingRow.standing).where(StandingRow.member_id == MemberRow.id, StandingRow.starts_on <= on)
    return until.order_by(StandingRow.starts_on.desc()).limit(1).scalar_subquery() == standing
