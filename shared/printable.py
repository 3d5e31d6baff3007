"""Text that our fonts can show. Papers are PDF/A, which refuses a character without a glyph: a member whose name holds
Hangul or an emoji would have no invoice at all. In the place of such a character stands the geta 〓, as in print."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_jp
from fontTools.ttLib import TTFont

FONTS = Path(pylopdf_fonts_jp.sans_path()).parent
GETA = "\u3013"
_SELECTORS = frozenset((*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))  # of variants: 葛󠄀 beside 葛
_MARKED = re.compile("[^\u0300-\u036f\u3099\u309a][\u0300-\u036f\u3099\u309a]+")
_SHOWN_AS_NOTHING = ("Cc", "Cf", "Mn", "Me")  # signs to machines, and marks upon what has no glyph either


def printable(value: Any) -> Any:
    """The same JSON-able data, with a sign wherever a text holds what cannot be printed."""
    if isinstance(value, str):
        return _printable_text(value)
    if isinstance(value, Mapping):
        return {name: printable(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(each) for each in value]
    return value


def _printable_text(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    composed = _MARKED.sub(lambda found: unicodedata.normalize("NFC", found[0]), text)  # no more: 神 is not 神
    return composed.translate(_SIGNS)


class _Signs(dict[int, str]):
    """What stands for each character, found out when one is first met."""

    def __missing__(self, code: int) -> str:
        sign = self[code] = _sign(chr(code))
        return sign


_SIGNS = _Signs()


def _sign(character: str) -> str:
    if character in "\t\n" or ord(character) in _glyphs() or ord(character) in _SELECTORS:
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _SHOWN_AS_NOTHING else GETA


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    """What all of our fonts have, by code point."""
    known = [frozenset(TTFont(path, lazy=True).getBestCmap()) for path in sorted(FONTS.glob("*.otf"))]
    return frozenset.intersection(*known)
