"""How a search of a million members stays quick on PostgreSQL (docs/decisions/0012): the folded text is indexed by
its grams, and read through a view that lets the planner use that index. SQLite reads the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.functions import FunctionElement

from services.members.models import MemberRow

FIRST_KANJI = "㐀"


def grams(word: str) -> Sequence[str]:
    """What every text that contains a folded word has in `search_grams` (migration members_0008): pairs of characters,
    threes where a pair is ASCII; one kanji by itself. Empty: the index does not help with this word."""
    if len(word) == 1:
        return [word] if word >= FIRST_KANJI else []
    sizes = ((place, 3 if word[place : place + 2].isascii() else 2) for place in range(len(word) - 1))
    return list(dict.fromkeys(word[at : at + size] for at, size in sizes if at + size <= len(word)))


class _has_grams(FunctionElement[bool]):  # noqa: N801  (a function in SQL)
    type = sa.Boolean()
    inherit_cache = True


@compiles(_has_grams)
def _nothing_to_add(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "1"


@compiles(_has_grams, "postgresql")
def _by_index(element: Any, compiler: Any, **options: Any) -> str:
    text, wanted = (compiler.process(clause, **options) for clause in element.clauses)
    return f'search_grams({text}) @> {wanted} COLLATE "C"'


class _Searched(sa.TableClause):
    inherit_cache = True


@compiles(_Searched, "sqlite")
def _table(_element: Any, compiler: Any, **_options: Any) -> str:
    return str(compiler.preparer.quote("members"))


@compiles(_Searched, "postgresql")
def _view(_element: Any, compiler: Any, **_options: Any) -> str:
    return str(compiler.preparer.quote("searched_members"))


_columns = (sa.column(column.name, column.type) for column in MemberRow.__table__.c)
Found = aliased(MemberRow, _Searched("searched_members", *_columns).alias("found"), adapt_on_names=True)


def holds(word: str) -> sa.ColumnElement[bool]:
    """Is this folded word in the member's folded text?"""
    contains = Found.search.contains(word, autoescape=True)
    wanted = grams(word)
    if not wanted:
        return contains
    return sa.and_(contains, cast(Any, _has_grams)(Found.search, sa.literal(wanted, ARRAY(sa.Text))))


def plan_each_search(session: Session) -> None:
    """Until the transaction ends: each search gets the plan that suits its words (佐藤 another than 大学), none is
    compiled first, which takes longer than to answer, and what an index finds is kept row by row."""
    if session.get_bind().dialect.name == "postgresql":
        settings = {"plan_cache_mode": "force_custom_plan", "jit": "off", "work_mem": "16MB"}
        session.execute(sa.select(*(sa.func.set_config(name, value, True) for name, value in settings.items())))
