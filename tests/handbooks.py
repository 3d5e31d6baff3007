"""The handbooks as files: their pages, and the pictures that these name."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
IMAGES = DOCS / "images"
HANDBOOKS = ("staff", "members")
LARGEST = 120_000  # bytes of a picture: pages open quickly, and the repository stays small
_PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """All pages of all handbooks that show pictures of the product."""
    return sorted(page for handbook in HANDBOOKS for page in (DOCS / handbook).glob("*.md"))


def pictures() -> dict[Path, Path]:
    """Picture → the first page that shows it."""
    found: dict[Path, Path] = {}
    for page in pages():
        for target in _PICTURE.findall(page.read_text()):
            found.setdefault((page.parent / target).resolve(), page)
    return found
