"""The only clock. Nothing else in Tsudoi asks the operating system for the time of day.

Tests and the demo move it: in one process with `travel`, across the processes of a stack through the file named by
`TSUDOI_CLOCK_FILE`, which holds an offset in seconds.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")

_offset = timedelta()


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC) + _offset + _offset_from_file()


def today(zone: ZoneInfo = TOKYO) -> date:
    """The calendar day in a society's zone (Asia/Tokyo unless it sets another)."""
    return now().astimezone(zone).date()


def end_of(day: date, zone: ZoneInfo = TOKYO) -> datetime:
    """The moment at which "until day D" ends: D at 24:00 in the society's zone, the first moment too late."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)


@contextmanager
def travel(to: datetime | None = None, *, by: timedelta | None = None) -> Iterator[None]:
    """Move this process's clock to a moment, or by a span; it goes on ticking from there. Put back at the end."""
    global _offset
    before = _offset
    if to is not None:
        _offset = to - datetime.now(UTC)
    if by is not None:
        _offset += by
    try:
        yield
    finally:
        _offset = before


def _offset_from_file() -> timedelta:
    name = os.environ.get("TSUDOI_CLOCK_FILE")
    if not name:
        return timedelta()
    try:
        return timedelta(seconds=float(Path(name).read_text().strip() or 0))
    except FileNotFoundError:
        return timedelta()
