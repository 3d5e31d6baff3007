"""Where to go next, from an address that a stranger may have written: only ever a path of this site."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

# Starts with exactly one slash; no backslash, control or space characters, which browsers read as a slash or drop.
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def local_path(wanted: str | None, otherwise: str = "/") -> str:
    """`wanted` if it is a path within this site, whatever a browser or a second decoding makes of it."""
    if not wanted or len(wanted) > 2000:
        return otherwise
    for reading in (wanted, unquote(wanted), unquote(unquote(wanted))):
        path = reading.split("?", 1)[0].split("#", 1)[0]
        if not _LOCAL.fullmatch(path) or "/../" in f"{path}/" or "//" in path:
            return otherwise
    if not _LOCAL.fullmatch(wanted):
        return otherwise
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return otherwise
    return otherwise if parts.scheme or parts.netloc else wanted
