"""Postal codes 郵便番号, written NNN-NNNN."""

from __future__ import annotations

import re
import unicodedata

_SHAPE = re.compile(r"([0-9]{3})([0-9]{4})")


def normalise_postcode(text: str) -> str | None:
    """`〒１００ー０００１`, `1000001` → `100-0001`; None if it is no Japanese postal code."""
    digits = re.sub(r"[\s〒\-‐‑–—―−ー]", "", unicodedata.normalize("NFKC", text))
    match = _SHAPE.fullmatch(digits)
    return f"{match[1]}-{match[2]}" if match else None
