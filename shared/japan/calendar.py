"""Fiscal years 年度, bank business days 銀行営業日 and the Japanese era calendar 和暦."""

from __future__ import annotations

from datetime import date, timedelta

import jpholiday

# Equinox holidays are announced a year ahead (官報, February); until here two independent libraries agree.
_HOLIDAYS_KNOWN_UNTIL = date(2030, 12, 31)
_HOLIDAYS_KNOWN_FROM = date(2000, 1, 1)

_ERAS = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
    (date(1912, 7, 30), "大正"),
    (date(1873, 1, 1), "明治"),  # before, Japan's calendar was not the Gregorian one
)
_ERA_YEAR_ZERO = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}


class HolidaysUnknown(ValueError):
    """A bank day was asked for in a year whose holidays are not known: better no date than a wrong one."""


def fiscal_year_of(day: date, starts_month: int = 4) -> int:
    """The fiscal year 年度 of a day, named by the calendar year in which it begins."""
    return day.year if day.month >= starts_month else day.year - 1


def fiscal_year_span(year: int, starts_month: int = 4) -> tuple[date, date]:
    """First and last day of a fiscal year, both included."""
    return date(year, starts_month, 1), date(year + 1, starts_month, 1) - timedelta(days=1)


def is_bank_business_day(day: date) -> bool:
    """Not Saturday, Sunday, a national holiday, or 12-31 to 01-03 (銀行法15条, 同施行令5条). Raises HolidaysUnknown."""
    if not _HOLIDAYS_KNOWN_FROM <= day <= _HOLIDAYS_KNOWN_UNTIL:
        raise HolidaysUnknown(f"holidays are known until {_HOLIDAYS_KNOWN_UNTIL}, asked for {day}")
    if day.weekday() >= 5 or (day.month, day.day) in {(12, 31), (1, 1), (1, 2), (1, 3)}:
        return False
    return not jpholiday.is_holiday(day)


def bank_business_day(day: date) -> date:
    """The day itself if banks work, else the next on which they do."""
    while not is_bank_business_day(day):
        day += timedelta(days=1)
    return day


def add_bank_days(day: date, days: int) -> date:
    """The bank business day that is `days` of them after (before, if negative) a day; 0: as `bank_business_day`."""
    if days == 0:
        return bank_business_day(day)
    step = timedelta(days=1 if days > 0 else -1)
    left = abs(days)
    while left:
        day += step
        if is_bank_business_day(day):
            left -= 1
    return day


def wareki(day: date) -> str:
    """令和8年11月21日; the first year of an era is 元年. Raises ValueError before 1873."""
    for start, era in _ERAS:
        if day >= start:
            year = day.year - _ERA_YEAR_ZERO[era]
            return f"{era}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    raise ValueError(f"no era for {day}")
