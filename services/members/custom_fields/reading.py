"""What people say of a custom field, in the one form that is stored: texts; of `choices` the codes, in the field's
order. Each sentence names the field in the reader's language, because files and programs show it without its form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from services.members import values
from services.members.custom_fields.types import LONGEST, LONGEST_VALUE, yes_and_no
from services.members.models import CustomFieldRow
from services.members.standings.words import fold_word
from services.members.values import BadValue
from shared.errors import N_, Fault

Value = str | list[str] | None  # None: nothing is known
SEPARATORS = "、，,;；\n"  # between several choices in one cell: no choice has one in its name
NUL = "\0"  # the index of PostgreSQL takes any character but this one
_BETWEEN = re.compile(f"[{SEPARATORS}]")
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?")
_YES = {"yes", "はい", "true", "1", "○", "◯", "有", "あり", "y"}
_NO = {"no", "いいえ", "false", "0", "×", "無", "なし", "n"}


def read_custom(
    fields: Iterable[CustomFieldRow], said: Mapping[str, Any], language: str = "ja"
) -> tuple[dict[str, Value], list[Fault]]:
    """By key: what is stored, None for what was emptied; and a fault for each value that is wrong.

    A key that no field has is older data, or somebody's own: a text that stays as it is."""
    by_key = {field.key: field for field in fields}
    read: dict[str, Value] = {}
    faults = []
    for key, given in said.items():
        field = by_key.get(key)
        try:
            read[key] = read_value(field, given, language) if field else _as_it_is(key, given)
        except BadValue as bad:
            faults.append(Fault(bad.text, bad.params, f"custom.{key}"))
    return read, faults


def missing(fields: Iterable[CustomFieldRow], said: Mapping[str, Any]) -> list[Fault]:
    """What whoever fills in the form themselves has left open and may not."""
    return [
        Fault(N_("Please fill this in."), field=field.input_name)
        for field in fields
        if field.required and said.get(field.key) in (None, "", [])
    ]


def merged(before: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """All that is known afterwards: what is not said stays, what is empty goes."""
    return {key: value for key, value in {**before, **said}.items() if value not in (None, "", [])}


def read_value(field: CustomFieldRow, said: Any, language: str = "ja") -> Value:
    """Raises BadValue."""
    if said is None or said == "" or said == []:
        return None
    if not isinstance(said, (str, int, float, list)):
        raise _bad(field, language, N_("%(field)s: this kind of value is not possible."))
    if isinstance(said, list) and field.type != "choices":
        raise _bad(field, language, N_("%(field)s: please give one value."))
    return _READERS[field.type](field, said, language)


def _line(field: CustomFieldRow, said: Any, language: str) -> Value:
    if isinstance(said, str) and ("\n" in said or "\r" in said):
        raise _bad(field, language, N_("%(field)s: please write on one line."))
    return _text(field, said, language)


def _text(field: CustomFieldRow, said: Any, language: str) -> Value:
    if not isinstance(said, str) or NUL in said:
        raise _bad(field, language, N_("%(field)s: please enter text."))
    text = said.replace("\r\n", "\n").strip()
    most = int(field.most or LONGEST[field.type])
    if len(text) > most:
        raise _bad(field, language, N_("%(field)s: please use at most %(max)s characters."), max=most)
    return text or None


def _number(field: CustomFieldRow, said: Any, language: str) -> Value:
    found = None if isinstance(said, bool) else number(str(said))
    if found is None:
        raise _bad(field, language, N_("%(field)s: please enter a number."))
    if field.least and Decimal(found) < Decimal(field.least):
        raise _bad(field, language, N_("%(field)s: please enter %(min)s or more."), min=field.least)
    if field.most and Decimal(found) > Decimal(field.most):
        raise _bad(field, language, N_("%(field)s: please enter %(max)s or less."), max=field.most)
    return found


def number(text: str) -> str | None:
    """１，２００.50 → 1200.5; None where it is no number."""
    folded = unicodedata.normalize("NFKC", text).replace(",", "").replace("−", "-").strip()
    if not _NUMBER.fullmatch(folded):
        return None
    try:
        found = format(Decimal(folded).normalize(), "f")
    except InvalidOperation:
        return None
    return "0" if found == "-0" else found


def _date(field: CustomFieldRow, said: Any, language: str) -> Value:
    try:
        found = values.day(said) if isinstance(said, str) else None
    except BadValue:
        found = None
    if found is None:
        raise _bad(field, language, N_("%(field)s: please enter a date such as 1980-04-01."))
    day = found.isoformat()
    if field.least and day < field.least:
        raise _bad(field, language, N_("%(field)s: please enter %(min)s or later."), min=field.least)
    if field.most and day > field.most:
        raise _bad(field, language, N_("%(field)s: please enter %(max)s or earlier."), max=field.most)
    return day


def _choice(field: CustomFieldRow, said: Any, language: str) -> Value:
    return _code(field, said, language)


def _choices(field: CustomFieldRow, said: Any, language: str) -> Value:
    parts = said if isinstance(said, list) else _BETWEEN.split(str(said))
    chosen = {_code(field, part, language) for part in parts if str(part).strip()}
    return [choice["code"] for choice in field.choices if choice["code"] in chosen] or None


def _code(field: CustomFieldRow, said: Any, language: str) -> str:
    """By its code, or its name in either language."""
    word = fold_word(str(said))
    for choice in field.choices:
        if word in {fold_word(choice[name]) for name in ("code", "label", "label_en")}:
            return choice["code"]
    known = "、".join(label for _code, label in field.choices_in(language))
    text = N_("%(field)s: “%(value)s” is none of the choices. They are: %(known)s.")
    raise _bad(field, language, text, value=str(said)[:50], known=known)


def _yes_no(field: CustomFieldRow, said: Any, language: str) -> Value:
    word = fold_word(str(said))
    if word in _YES | _NO:
        return "yes" if word in _YES else "no"
    raise _bad(field, language, N_("%(field)s: please answer %(yes)s or %(no)s."), **yes_and_no(language))


def _as_it_is(key: str, said: Any) -> Value:
    if (said is not None and not isinstance(said, str)) or NUL in key or NUL in (said or ""):
        raise BadValue(N_("Please enter text."))
    return values.plain_text(said, LONGEST_VALUE) if said else None


def _bad(field: CustomFieldRow, language: str, text: str, **params: Any) -> BadValue:
    return BadValue(text, field=field.label_in(language), **params)


_READERS: Mapping[str, Callable[[CustomFieldRow, Any, str], Value]] = {
    "line": _line,
    "text": _text,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "choices": _choices,
    "yes_no": _yes_no,
}
