"""What marshmallow says about an input, as faults that are translated like everything else.

marshmallow writes finished English sentences; they are recognised by pattern, so that it does not matter which schema,
thread or language they came from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import ValidationError

from shared.errors import N_, Fault

_SENTENCES = (
    ("Missing data for required field.", N_("Please fill this in.")),
    ("Field may not be null.", N_("Please fill this in.")),
    ("Shorter than minimum length 1.", N_("Please fill this in.")),
    ("Unknown field.", N_("There is no field of this name.")),
    ("Not a valid integer.", N_("Please enter a whole number.")),
    ("Not a valid number.", N_("Please enter a number.")),
    ("Not a valid string.", N_("Please enter text.")),
    ("Not a valid boolean.", N_("Please answer yes or no.")),
    ("Not a valid date.", N_("Please enter a date such as 2026-04-01.")),
    ("Not a valid time.", N_("Please enter a time such as 13:30.")),
    ("Not a valid datetime.", N_("Please enter a date and time such as 2026-04-01T13:30.")),
    ("Not a valid aware datetime.", N_("Please enter a date and time with its zone.")),
    ("Not a valid email address.", N_("This is not a valid e-mail address.")),
    ("Not a valid URL.", N_("This is not a valid web address.")),
    ("Not a valid UUID.", N_("This is not a valid identifier.")),
    ("Not a valid list.", N_("Please enter a list.")),
    ("Not a valid mapping type.", N_("Please enter an object.")),
    ("Invalid input type.", N_("Please enter an object.")),
    ("Not valid JSON.", N_("This is not valid JSON.")),
    ("Invalid JSON body.", N_("This is not valid JSON.")),
    ("Not a valid choice.", N_("This is not one of the choices.")),
    ("String does not match expected pattern.", N_("This does not have the expected form.")),
    ("Invalid value.", N_("This value is not possible.")),
    ("Must be one of: {choices}.", N_("Please choose one of: %(choices)s.")),
    ("Must be equal to {other}.", N_("Must be equal to %(other)s.")),
    ("Longer than maximum length {max}.", N_("Please use at most %(max)s characters.")),
    ("Shorter than minimum length {min}.", N_("Please use at least %(min)s characters.")),
    ("Length must be between {min} and {max}.", N_("Please use %(min)s to %(max)s characters.")),
    ("Length must be {equal}.", N_("Please use exactly %(equal)s characters.")),
    ("Must be greater than or equal to {min}.", N_("Please enter %(min)s or more.")),
    ("Must be less than or equal to {max}.", N_("Please enter %(max)s or less.")),
    ("Must be greater than {min}.", N_("Please enter more than %(min)s.")),
    ("Must be less than {max}.", N_("Please enter less than %(max)s.")),
    (
        "Must be greater than or equal to {min} and less than or equal to {max}.",
        N_("Please enter a value from %(min)s to %(max)s."),
    ),
    ("Number too large.", N_("This number is too large.")),
)


def _pattern(template: str) -> re.Pattern[str]:
    escaped = re.escape(template).replace(r"\{choices\}", "(?P<choices>.+)")
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>\\S+)", escaped))


_KNOWN = tuple((_pattern(template), text) for template, text in _SENTENCES)


def fault_for(sentence: str, field: str | None = None, row: int | None = None) -> Fault:
    """A sentence of marshmallow as a fault. An unknown one (a service's own, marked with `N_`) is its own msgid."""
    for pattern, text in _KNOWN:
        found = pattern.fullmatch(sentence)
        if found:
            return Fault(text=text, params=found.groupdict(), field=field, row=row)
    return Fault(text=sentence, field=field, row=row)


def faults_from_error(error: ValidationError) -> tuple[Fault, ...]:
    return faults_from_messages(error.messages if isinstance(error.messages, dict) else {"_schema": error.messages})


def faults_from_messages(messages: Mapping[Any, Any] | list[Any]) -> tuple[Fault, ...]:
    """marshmallow's nested messages as a flat list: `{"lines": {0: {"amount": […]}}}` → field `lines.amount`, row 1."""
    return tuple(_flatten(messages, (), None))


def _flatten(messages: Any, path: tuple[str, ...], row: int | None) -> Iterator[Fault]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            if isinstance(key, int):
                yield from _flatten(inner, path, key + 1)
            else:
                yield from _flatten(inner, path if key == "_schema" else (*path, str(key)), row)
    elif isinstance(messages, (list, tuple)):
        for inner in messages:
            yield from _flatten(inner, path, row)
    else:
        yield fault_for(str(messages), ".".join(path) or None, row)
