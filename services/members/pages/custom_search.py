"""Custom fields 独自項目 among the conditions of a search: their inputs, what was typed into them, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from flask import request
from flask_babel import gettext as _

from services.members.custom_fields.conditions import OPERATORS, Condition, read_condition
from services.members.custom_fields.types import YES_NO
from services.members.custom_fields.words import in_words
from services.members.models import CustomFieldRow
from services.members.search_conditions import MemberSearch
from shared.errors import N_
from shared.web.filters import short_day
from shared.web.i18n import language

_ASKS = {
    "~": N_("%(field)s contains"),
    ">=": N_("%(field)s from"),
    "<=": N_("%(field)s until"),
}


@dataclass(frozen=True)
class SearchInput:
    """One input of the search form; one with `choices` has boxes to tick, whose values are whole conditions."""

    label: str
    name: str = "custom"
    type: str = "text"
    choices: Sequence[tuple[str, str]] = ()
    chosen: Sequence[str] = ()


def search_inputs(fields: Iterable[CustomFieldRow], said: Sequence[str]) -> list[SearchInput]:
    """Of all fields that members are searched by, in their order."""
    return [
        _input(field, operator, said)
        for field in fields
        for operator, types in OPERATORS.items()
        if field.type in types
    ]


def typed_conditions() -> list[str]:
    """What was typed into the inputs; ticked choices are conditions by themselves."""
    return [
        f"{name.removeprefix(f'custom{operator}')}{operator}{text.strip()}"
        for name, text in request.args.items(multi=True)
        for operator in OPERATORS
        if operator != ":" and name.startswith(f"custom{operator}") and text.strip()
    ]


def typed_values(search: MemberSearch) -> dict[str, str]:
    """What stands in those inputs."""
    read = (read_condition(text) for text in search.custom)
    return {each.input_name: each.text for each in read if each and each.operator != ":"}


def condition_words(fields: Iterable[CustomFieldRow], text: str) -> str:
    """A condition as people read it; one that makes no sense any more stands as it is."""
    condition = read_condition(text)
    field = next((each for each in fields if condition and each.key == condition.key), None)
    if condition is None or field is None:
        return text
    label = _label(field, condition.operator)
    return str(_("%(what)s: %(value)s", what=label, value=_value(field, condition)))


def _label(field: CustomFieldRow, operator: str) -> str:
    label = field.label_in(language())
    return str(_(_ASKS[operator], field=label)) if operator in _ASKS else label


def _value(field: CustomFieldRow, condition: Condition) -> str:
    if condition.operator == ":":
        return in_words(field, condition.text, language())
    if field.type == "date":
        try:
            return short_day(date.fromisoformat(condition.text))
        except ValueError:
            return condition.text
    return condition.text


def _input(field: CustomFieldRow, operator: str, said: Sequence[str]) -> SearchInput:
    label = _label(field, operator)
    if operator != ":":
        return SearchInput(label, f"custom{operator}{field.key}", "date" if field.type == "date" else "text")
    codes = list(YES_NO) if field.type == "yes_no" else [code for code, _label in field.choices_in(language())]
    choices = [(f"{field.key}:{code}", in_words(field, code, language())) for code in codes]
    return SearchInput(label, choices=choices, chosen=[code for code, _label in choices if code in said])
