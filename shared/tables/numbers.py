"""Numbers of a worksheet as the text that people see: 12000.0 is 12000, and a date is a date."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

_WHOLE_UNTIL = 10**15  # spreadsheets show 15 digits
_SECONDS = 86_400
_LEAP_THAT_WAS_NOT = 60  # Excel counts a 29 February 1900


def number_text(text: str) -> str:
    if text.isdecimal() and text.isascii():
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        return text
    if number.is_integer() and abs(number) < _WHOLE_UNTIL:
        return str(int(number))
    return format(number, ".15g")


def date_text(text: str, *, from_1904: bool) -> str | None:
    """ISO date, date and time (2026-11-21T09:30:00), or time of a serial number; None if there is no such day."""
    try:
        serial = float(text)
        day = int(serial)
        seconds = round((serial - day) * _SECONDS)
        if from_1904:
            start = datetime(1904, 1, 1)
        elif day == _LEAP_THAT_WAS_NOT or day < 0:
            return None
        else:
            start = datetime(1899, 12, 30) if day > _LEAP_THAT_WAS_NOT else datetime(1899, 12, 31)
        moment = start + timedelta(days=day, seconds=seconds)
    except (ValueError, OverflowError):
        return None
    if 0 < serial < 1:
        return moment.strftime("%H:%M:%S")
    return moment.date().isoformat() if seconds == 0 else moment.isoformat()
