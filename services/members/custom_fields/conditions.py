"""What a search asks of custom fields, as short texts that addresses, saved searches and programs share:
`gender:female` (a choice, or yes and no; several of one field: one of them), `specialty~化学` (a part of a text, in
any case), `birth_date>=1960-04-01` and `birth_date<=1961-03-31`.

On PostgreSQL choices are found by an index (migration members_0016); parts of texts and ranges of dates are looked for
in all members whom the other conditions leave, as parts of addresses are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from services.members import values
from services.members.custom_fields.types import KEY, WITH_CHOICES, YES_NO
from services.members.models import CustomFieldRow
from services.members.values import BadValue
from shared.errors import N_, Fault

MOST = 30  # conditions of one search
OPERATORS = {
    ":": (*WITH_CHOICES, "yes_no"),
    "~": ("line", "text"),
    ">=": ("date",),
    "<=": ("date",),
}
_SHAPE = re.compile(f"({KEY}?)(:|~|>=|<=)(.{{1,200}})")


@dataclass(frozen=True)
class Condition:
    key: str
    operator: str  # of OPERATORS
    text: str

    @property
    def input_name(self) -> str:
        """Of the input of a search form in which it is written; choices are ticked instead."""
        return f"custom{self.operator}{self.key}"


def read_condition(text: str) -> Condition | None:
    """None: it does not have the form of one."""
    found = _SHAPE.fullmatch(text)
    return Condition(*found.groups()) if found else None


def wrong_conditions(fields: Iterable[CustomFieldRow], texts: Sequence[str]) -> list[Fault]:
    """What makes no sense (any more) in a search."""
    by_key = {field.key: field for field in fields}
    if len(texts) > MOST:
        return [Fault(N_("A search has at most %(most)s conditions of custom fields."), {"most": MOST}, "custom")]
    return [fault for text in texts if (fault := _wrong(by_key, text))]


def _wrong(by_key: dict[str, CustomFieldRow], text: str) -> Fault | None:
    condition = read_condition(text)
    field = by_key.get(condition.key) if condition else None
    if condition is None or field is None or field.type not in OPERATORS[condition.operator]:
        return Fault(N_("There is no such condition of a custom field: “%(value)s”."), {"value": text[:100]}, "custom")
    codes = list(YES_NO) if field.type == "yes_no" else [choice["code"] for choice in field.choices]
    if condition.operator == ":" and condition.text not in codes:
        return Fault(N_("There is no such choice: “%(value)s”."), {"value": condition.text[:50]}, "custom")
    if field.type == "date":
        try:
            values.day(condition.text)
        except BadValue as bad:
            return Fault(bad.text, bad.params, "custom")
    return None


def matching_custom(custom: Any, texts: Sequence[str]) -> Iterator[sa.ColumnElement[bool]]:
    """The conditions on the column of a member's custom values. What does not have their form asks for nobody."""
    read = [read_condition(text) for text in texts]
    if None in read:
        yield sa.false()
    asked = sorted((each for each in read if each), key=lambda each: (each.key, each.operator))
    for (key, operator), same in groupby(asked, lambda each: (each.key, each.operator)):
        if operator == ":":
            yield sa.or_(*(holds_choice(custom, key, each.text) for each in same))
            continue
        stored = stored_text(custom, key)
        for each in same:
            if operator == "~":
                spellings = {each.text, unicodedata.normalize("NFKC", each.text)}
                yield sa.or_(*(stored.icontains(text, autoescape=True) for text in sorted(spellings)))
            else:
                day = cast(Any, values.day(each.text)).isoformat()
                yield stored >= day if operator == ">=" else stored <= day


def stored_text(custom: Any, key: str) -> sa.ColumnElement[str]:
    """What is known in a field, as text; NULL where nothing is."""
    found: sa.ColumnElement[str] = custom[key].as_string()
    return found


def holds_choice(custom: Any, key: str, code: str) -> sa.ColumnElement[bool]:
    """Was this chosen, alone or with others?"""
    alone, among = (msgspec.json.encode({key: value}).decode() for value in (code, [code]))
    texts = (f'$."{key}"', code, alone, among)
    found: sa.ColumnElement[bool] = cast(Any, _chosen)(custom, *(sa.literal(text) for text in texts))
    return found


class _chosen(FunctionElement[bool]):  # noqa: N801  (a function in SQL)
    type = sa.Boolean()
    inherit_cache = True


@compiles(_chosen, "sqlite")
def _by_looking(element: Any, compiler: Any, **options: Any) -> str:
    custom, path, code, _alone, _among = element.clauses
    found = (compiler.process(clause, **options) for clause in (custom, path, code))
    return "EXISTS (SELECT 1 FROM json_each({}, {}) AS chosen WHERE chosen.value = {})".format(*found)


@compiles(_chosen, "postgresql")
def _by_index(element: Any, compiler: Any, **options: Any) -> str:
    custom, _path, _code, alone, among = element.clauses
    column, one, several = (compiler.process(clause, **options) for clause in (custom, alone, among))
    whole = f"CAST({column} AS jsonb)"
    return f"({whole} @> CAST({one} AS jsonb) OR {whole} @> CAST({several} AS jsonb))"
