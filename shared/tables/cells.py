"""What one cell may hold, on the way in and on the way out."""

from __future__ import annotations

import re
import unicodedata

# What a spreadsheet takes for a formula when it opens a CSV file (OWASP "CSV injection"), half and full width.
_FORMULA_START = "=+-@\t\r\n\0＝＋－＠"
_GUARDED = re.compile(f"^'(?=[{re.escape(_FORMULA_START)}])")
_LOOSE_VOICED = re.compile("[\u3046-\u30ff][\u3099\u309a]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


def looks_like_formula(text: str) -> bool:
    return text[:1] in _FORMULA_START if text else False


def guard(text: str) -> str:
    """Put `'` before what a spreadsheet would run as a formula."""
    return f"'{text}" if looks_like_formula(text) else text


def clean(text: str) -> str:
    """A cell as people meant it: no blanks around it, our own guard taken off, kana composed as macOS does not.

    Nothing else is normalised: 髙, 﨑, 神 and 𠮷 stay the characters that their bearers write."""
    if text[:1] == "'":
        text = _GUARDED.sub("", text)
    text = text.strip()
    if text.isascii() and "\r" not in text:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\u3099" in text or "\u309a" in text:
        text = _LOOSE_VOICED.sub(lambda match: unicodedata.normalize("NFC", match[0]), text)
    return text


def show_control_characters(text: str) -> str:
    """With a sign in their place: no database stores a NUL, and no page shows the others."""
    return _CONTROL.sub("\ufffd", text)
