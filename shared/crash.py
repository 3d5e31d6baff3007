"""Named places at which a test makes the process die as if by kill -9, to prove that nothing is lost or done twice."""

from __future__ import annotations

import os

POINTS = frozenset(
    {"received", "decoded", "inbox", "effect", "outbox", "commit", "ack"}  # of a message that comes in
    | {"claimed", "published", "marked"}  # of the relay
)


class CrashRefused(Exception):
    """TSUDOI_CRASH_AT is set outside tests, or names no such place."""


def _chosen() -> tuple[str | None, int]:
    """`name` or `name:n` for the n-th time that the place is passed."""
    name, _, times = os.environ.get("TSUDOI_CRASH_AT", "").partition(":")
    if not name:
        return None, 0
    if os.environ.get("TSUDOI_TESTING") != "1" or name not in POINTS:
        raise CrashRefused(f"TSUDOI_CRASH_AT={name}: only with TSUDOI_TESTING=1, and one of {sorted(POINTS)}")
    return name, int(times or 1)


_at, _left = _chosen()


def point(name: str) -> None:
    """Die here if the environment says so."""
    global _left
    if name != _at:
        return
    _left -= 1
    if _left <= 0:
        os._exit(137)
