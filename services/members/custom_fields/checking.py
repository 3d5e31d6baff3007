"""Does a definition of a field make sense in itself?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from services.members import values
from services.members.custom_fields.reading import SEPARATORS, number
from services.members.custom_fields.types import LONGEST, MOST_CHOICES, WITH_CHOICES
from services.members.standings.words import fold_word
from services.members.values import BadValue
from shared.errors import N_, Fault, InvalidInput

Choice = Mapping[str, str]


def check_definition(given: Mapping[str, Any]) -> dict[str, str]:
    """Its limits as they are stored. Raises InvalidInput with all that is wrong."""
    limits, faults = {}, list(_wrong_choices(given["type"], given["choices"]))
    for name in ("least", "most"):
        try:
            limits[name] = _limit(given["type"], name, given[name])
        except BadValue as bad:
            faults.append(Fault(bad.text, bad.params, name))
    if not faults and limits["least"] and limits["most"] and _is_above(given["type"], limits):
        faults.append(Fault(N_("The largest value is below the smallest."), field="most"))
    if faults:
        raise InvalidInput(faults=faults)
    return limits


def with_codes(choices: Sequence[Choice], known: Sequence[Choice]) -> list[dict[str, str]]:
    """New choices get a code that none has; those that are there are known by theirs, whatever they are called."""
    there = {choice["code"] for choice in known}
    taken = there | {choice["code"] for choice in choices if choice.get("code")}
    free = (code for code in (f"c{place}" for place in range(1, 10_000)) if code not in taken)
    return [
        {"code": choice.get("code") or next(free), "label": choice["label"], "label_en": choice["label_en"]}
        for choice in choices
    ]


def _wrong_choices(type: str, choices: Sequence[Choice]) -> Iterator[Fault]:
    if type in WITH_CHOICES and not choices:
        yield Fault(N_("Please write the choices."), field="choices")
    if len(choices) > MOST_CHOICES:
        yield Fault(N_("A field has at most %(most)s choices."), {"most": MOST_CHOICES}, "choices")
    seen: set[str] = set()
    for choice in choices:
        words = {fold_word(choice[name]) for name in ("code", "label", "label_en")}
        if words & seen:
            yield Fault(N_("“%(choice)s” stands among the choices twice."), {"choice": choice["label"]}, "choices")
        if any(sign in choice[name] for name in ("label", "label_en") for sign in SEPARATORS):
            text = N_("“%(choice)s”: a comma or semicolon stands between choices, not in one.")
            yield Fault(text, {"choice": choice["label"]}, "choices")
        seen |= words


def _limit(type: str, name: str, text: str) -> str:
    """Raises BadValue."""
    if not text or (type in LONGEST and name == "least"):
        return ""
    reader = _LIMITS.get(type)
    return reader(type, text) if reader else ""


def _characters(type: str, text: str) -> str:
    found = number(text)
    if found is None or not found.isdigit() or not 0 < int(found) <= LONGEST[type]:
        raise BadValue(N_("Please enter a whole number from 1 to %(max)s."), max=LONGEST[type])
    return found


def _number(_type: str, text: str) -> str:
    found = number(text)
    if found is None:
        raise BadValue(N_("Please enter a number."))
    return found


def _day(_type: str, text: str) -> str:
    found = values.day(text)
    return found.isoformat() if found else ""


_LIMITS: Mapping[str, Callable[[str, str], str]] = {
    "line": _characters,
    "text": _characters,
    "number": _number,
    "date": _day,
}


def _is_above(type: str, limits: Mapping[str, str]) -> bool:
    if type == "number":
        return float(limits["least"]) > float(limits["most"])
    return limits["least"] > limits["most"]
