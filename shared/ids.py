"""Identifiers: UUIDv7 (RFC 9562), made by the client: bulk inserts need no RETURNING, indexes grow at one end."""

from __future__ import annotations

import os
import time


def new_id() -> str:
    """A fresh UUIDv7 as the usual 36-character string. Later ids of a process sort after earlier ones: the twelve bits
    after the milliseconds hold their fraction (RFC 9562, 6.2, method 3), about a quarter of a microsecond."""
    milliseconds, fraction = divmod(time.time_ns(), 1_000_000)
    stamp = f"{milliseconds:012x}"
    random = os.urandom(8).hex()
    variant = "89ab"[int(random[0], 16) & 3]
    return f"{stamp[:8]}-{stamp[8:]}-7{fraction * 4096 // 1_000_000:03x}-{variant}{random[1:4]}-{random[4:]}"
