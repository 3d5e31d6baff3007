"""What operators may see of a message: ids, codes, dates and amounts. Texts may be people's data, and are masked."""

from __future__ import annotations

import re
from typing import Any

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?")
_CODE = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
_CODES = frozenset(  # fields whose values are words of ours, never of a person's
    {"type", "kind", "state", "standing", "method", "methods", "tax_class", "category"}
    | {"language", "provider", "zone", "code", "chain"}
)
_ADDRESS = re.compile(r"[^\s@<>()]+@[^\s@<>()]+")
_IN_QUOTES = re.compile(r"(['\"`])(?:(?!\1).)+\1")
_DATABASE_DETAIL = re.compile(r"(=|contains )\([^\n]*\)")  # PostgreSQL: Key (email)=(…), Failing row contains (…)
_OTHER_SCRIPTS = re.compile(r"[^\x00-\x7f]+")
_NUMBER = re.compile(r"\d{3,}")


def masked(value: Any, field: str = "") -> Any:
    """A payload with its texts masked; each keeps its length, which often tells what is wrong with it."""
    if isinstance(value, dict):
        return {key: masked(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [masked(each, field) for each in value]
    if not isinstance(value, str) or not value or _is_harmless(value, field):
        return value
    return f"…({len(value)})"


def masked_error(error: str | None) -> str:
    """An error's text without what it may quote of the message: addresses, values in quotes, other scripts."""
    text = _DATABASE_DETAIL.sub(r"\1(…)", error or "")
    text = _ADDRESS.sub("…@…", text)
    text = _IN_QUOTES.sub(lambda found: found[0] if _CODE.fullmatch(found[0][1:-1]) else f"{found[1]}…{found[1]}", text)
    return _OTHER_SCRIPTS.sub("…", text)


def kind_of_error(error: str | None) -> str:
    """What errors have in common that differ only in ids and figures."""
    first = masked_error(error).strip().splitlines()[:1]
    return _NUMBER.sub("…", _ID.sub("…", first[0]))[:200] if first else ""


def _is_harmless(value: str, field: str) -> bool:
    if _ID.fullmatch(value) or _MOMENT.fullmatch(value):
        return True
    return field in _CODES and _CODE.fullmatch(value) is not None
