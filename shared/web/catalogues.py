"""Compiled catalogues (.mo) are not committed: whoever needs one first makes it, and anew when the .po changed."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_catalogues(folder: Path) -> None:
    """Make or renew every .mo below a translations folder. Safe with several processes: the rename is atomic."""
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.parent.name)
        with NamedTemporaryFile(dir=target.parent, suffix=".mo.new", delete=False) as new:
            write_mo(new, catalogue)
        Path(new.name).chmod(0o644)
        os.replace(new.name, target)
