"""The only clock. Nothing else in Tsudoi asks the operating system for the time of day.

All processes of a service go by its database's clock (`agree`): a machine whose own clock is wrong, or jumps, neither
takes over work that another one still holds nor sends what is not due. Between two looks time passes by the monotonic
clock; without a database server (SQLite) the machine's own clock is all there is.

Tests and the demo move it: in one process with `travel`, across the processes of a stack through the file named by
`TSUDOI_CLOCK_FILE`, which holds an offset in seconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

TOKYO = ZoneInfo("Asia/Tokyo")

TOLERANCE = timedelta(seconds=2)  # between two good clocks; less is left alone, so that time does not go to and fro
LOOK_AGAIN = timedelta(seconds=30)

_offset = timedelta()


@dataclass(frozen=True)
class _Agreed:
    """What the database said, and what our clocks showed then."""

    theirs: datetime
    ours: datetime
    monotonic: float


_agreed: _Agreed | None = None


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _machine_time() + _offset + _offset_from_file()


def outside() -> datetime:
    """What the clocks of other people's devices show: a journey through time, of a test or the demo, is ours alone."""
    return _machine_time()


def _machine_time() -> datetime:
    ours, agreed = datetime.now(UTC), _agreed
    if agreed is None:
        return ours
    passed = timedelta(seconds=time.monotonic() - agreed.monotonic)
    good = abs(agreed.theirs - agreed.ours) <= TOLERANCE and abs(ours - agreed.ours - passed) <= TOLERANCE
    return ours if good else agreed.theirs + passed


def is_doubtful() -> bool:
    """Is it time to ask the database again? Also at once when this machine's clock has jumped, or it has slept."""
    agreed = _agreed
    if agreed is None:
        return True
    passed = timedelta(seconds=time.monotonic() - agreed.monotonic)
    return passed > LOOK_AGAIN or abs(datetime.now(UTC) - agreed.ours - passed) > TOLERANCE


def agree(theirs: datetime) -> None:
    """The database says that it is now so late (UTC). Said again and again, by whoever takes a connection."""
    global _agreed
    _agreed = _Agreed(theirs.astimezone(UTC), datetime.now(UTC), time.monotonic())


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
        _offset = to - _machine_time()
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
