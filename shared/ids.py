"""Identifiers: UUIDv7 (RFC 9562), made by the client, so that bulk inserts need no RETURNING and indexes grow at one end."""

from __future__ import annotations

import os
import time


def new_id() -> str:
    """A fresh UUIDv7 as the usual 36-character string; later ids sort after earlier ones to the millisecond."""
    milliseconds = time.time_ns() // 1_000_000
    random = os.urandom(10).hex()
    variant = "89ab"[int(random[3], 16) & 3]
    stamp = f"{milliseconds:012x}"
    return f"{stamp[:8]}-{stamp[8:]}-7{random[:3]}-{variant}{random[4:7]}-{random[7:19]}"
