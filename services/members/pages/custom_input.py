"""Custom fields 独自項目 on pages: what was typed into their inputs, what stands in them, and how values are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask import request

from services.members.custom_fields.reading import read_value
from services.members.custom_fields.words import as_it_stands, in_words
from services.members.models import CustomFieldRow
from services.members.values import BadValue
from shared.web.filters import day
from shared.web.i18n import language


def typed(fields: Iterable[CustomFieldRow]) -> dict[str, Any]:
    """What the posted form says of these fields, by key, as `read_custom` takes it."""
    return {
        field.key: request.form.getlist(field.input_name)
        if field.type == "choices"
        else request.form.get(field.input_name, "").strip()
        for field in fields
    }


def all_typed() -> dict[str, Any]:
    """The posted form, to be shown once more."""
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in request.form.lists()}


def input_values(fields: Iterable[CustomFieldRow], custom: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the inputs of a form."""
    return {field.input_name: _as_input(field, custom.get(field.key)) for field in fields}


def _as_input(field: CustomFieldRow, stored: Any) -> Any:
    """What a roster brought before there was the field is read as the field would have it: 女性 is a choice then."""
    try:
        value = read_value(field, stored)
    except BadValue:
        value = stored
    return ([] if field.type == "choices" else "") if value is None else value


def hidden_inputs(fields: Iterable[CustomFieldRow], custom: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The same for a page that only hands them on: (name, text), several of one name where several were chosen."""
    held = ((field.input_name, custom.get(field.key)) for field in fields)
    return [(name, text) for name, value in held for text in (value if isinstance(value, list) else [value or ""])]


def facts(fields: Iterable[CustomFieldRow], custom: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, value) in the reader's language."""
    return [(field.label_in(language()), _shown(field, custom.get(field.key))) for field in fields]


def other_facts(fields: Iterable[CustomFieldRow], custom: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What no field is called: columns of rosters that nobody defined."""
    known = {field.key for field in fields}
    return [(key, as_it_stands(value, language())) for key, value in custom.items() if key not in known]


def _shown(field: CustomFieldRow, value: Any) -> str:
    if field.type == "date" and isinstance(value, str):
        try:
            return day(date.fromisoformat(value))
        except ValueError:
            return value
    return in_words(field, value, language())
