"""Identifiers: UUIDv7 (RFC 9562), made by the client: bulk inserts need no RETURNING, indexes grow at one end."""

from __future__ import annotations

import os
import time
from datetime import timedelta

FIRST = "00000000-0000-0000-0000-000000000000"  # before every id


def new_id() -> str:
    """A fresh UUIDv7 as the usual 36-character string. Later ids of a process sort after earlier ones: the twelve bits
    after the milliseconds hold their fraction (RFC 9562, 6.2, method 3), about a quarter of a microsecond."""
    milliseconds, fraction = divmod(time.time_ns(), 1_000_000)
    stamp = f"{milliseconds:012x}"
    random = os.urandom(8).hex()
    variant = "89ab"[int(random[0], 16) & 3]
    return f"{stamp[:8]}-{stamp[8:]}-7{fraction * 4096 // 1_000_000:03x}-{variant}{random[1:4]}-{random[4:]}"


def earlier(id: str, by: timedelta) -> str:
    """Sorts before every id that was made up to so long before this one."""
    milliseconds = int(id[:8] + id[9:13], 16) - by // timedelta(milliseconds=1)
    stamp = f"{max(0, milliseconds):012x}"
    return f"{stamp[:8]}-{stamp[8:]}{FIRST[13:]}"
