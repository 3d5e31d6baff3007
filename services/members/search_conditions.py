"""What members are searched by 検索条件: one value that pages, API, saved searches and long work share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec

from shared.errors import N_

KINDS = {"individual": N_("Individual members"), "corporate": N_("Corporate members")}
EMAIL = {"yes": N_("With an e-mail address"), "no": N_("Without an e-mail address"), "dead": N_("Undeliverable")}
LOGIN = {"yes": N_("Can log in"), "no": N_("Cannot log in yet")}


class MemberSearch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All conditions hold together; of several categories or standings one must. What is not said does not count."""

    q: str = ""  # words, each somewhere in name, reading, roman name, number, e-mail or affiliation
    kind: str = ""  # of KINDS
    category: tuple[str, ...] = ()  # codes
    standing: tuple[str, ...] = ()  # codes
    on: date | None = None  # the day on which they had one of these standings; today where it is not said
    number_from: str = ""
    number_to: str = ""
    joined_from: date | None = None
    joined_to: date | None = None
    leaves_from: date | None = None
    leaves_to: date | None = None
    language: str = ""
    email: str = ""  # of EMAIL
    login: str = ""  # of LOGIN
    postcode: str = ""  # its beginning
    address: str = ""  # a part of it
    custom: tuple[str, ...] = ()  # see custom_fields/conditions.py; of choices of one field one must hold

    def plain(self) -> dict[str, Any]:
        """The conditions that are said, as JSON has them and as an address repeats them."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> MemberSearch:
        return msgspec.convert(plain, cls)


EVERYBODY = MemberSearch()
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)} | {ord(" "): "\u3000"}
_DASH = re.compile(r"(?<=\d)[-‐‑–—―−ー－]")  # behind the number of a block: 1-1, 1−1, 1ー1
_DASHES = "-－−‐ー―"


def spellings_of_address(text: str) -> Sequence[str]:
    """Addresses are stored as they were written: in half or full width, with any of the dashes."""
    half = unicodedata.normalize("NFKC", text)
    spelled = [half, *(_DASH.sub(dash, half) for dash in _DASHES)]
    return list(dict.fromkeys([text, *spelled, *(each.translate(_FULL_WIDTH) for each in spelled)]))


def beginning_of_postcode(text: str) -> str:
    """As postal codes are stored: 〒１００００ becomes 100-00; a foreign one stays as it is, in capitals."""
    folded = unicodedata.normalize("NFKC", text).upper().removeprefix("〒").strip()
    digits = folded.replace("-", "")
    if not digits.isdecimal():
        return folded
    return f"{digits[:3]}-{digits[3:]}" if len(digits) > 3 else digits
