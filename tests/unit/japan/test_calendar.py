"""Fiscal years, bank business days and eras."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.japan.calendar import (
    HolidaysUnknown,
    add_bank_days,
    bank_business_day,
    fiscal_year_of,
    fiscal_year_span,
    is_bank_business_day,
    wareki,
)


@pytest.mark.rule("B1")
@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.integers(1, 12))
def test_every_day_lies_in_its_fiscal_year_and_no_other(day: date, starts_month: int) -> None:
    year = fiscal_year_of(day, starts_month)
    first, last = fiscal_year_span(year, starts_month)
    assert first <= day <= last
    assert fiscal_year_span(year + 1, starts_month)[0].toordinal() == last.toordinal() + 1


def test_the_usual_fiscal_year_begins_in_april() -> None:
    assert fiscal_year_of(date(2027, 3, 31)) == 2026
    assert fiscal_year_span(2026) == (date(2026, 4, 1), date(2027, 3, 31))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 12, 30), True),
        (date(2026, 12, 31), False),
        (date(2027, 1, 2), False),
        (date(2027, 1, 4), True),
        (date(2026, 11, 23), False),
        (date(2026, 11, 21), False),
        (date(2026, 9, 22), False),  # between two holidays 国民の休日
        (date(2026, 5, 6), False),  # substitute 振替休日
    ],
)
def test_banks_rest_on_weekends_holidays_and_over_new_year(day: date, works: bool) -> None:
    assert is_bank_business_day(day) is works


@pytest.mark.rule("P13")
def test_five_bank_business_days_over_new_year() -> None:
    assert add_bank_days(date(2026, 12, 28), 5) == date(2027, 1, 6)
    assert add_bank_days(date(2027, 1, 6), -5) == date(2026, 12, 28)
    assert add_bank_days(date(2026, 12, 31), 0) == bank_business_day(date(2026, 12, 31)) == date(2027, 1, 4)


@given(st.dates(date(2024, 1, 1), date(2028, 12, 31)), st.integers(1, 40))
def test_bank_days_there_and_back(day: date, days: int) -> None:
    start = bank_business_day(day)
    assert add_bank_days(add_bank_days(start, days), -days) == start


def test_unknown_holidays_are_an_error_rather_than_a_wrong_day() -> None:
    with pytest.raises(HolidaysUnknown):
        add_bank_days(date(2030, 12, 27), 5)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 21), "令和8年11月21日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1912, 7, 29), "明治45年7月29日"),
    ],
)
def test_days_are_written_in_their_era(day: date, text: str) -> None:
    assert wareki(day) == text
    with pytest.raises(ValueError):
        wareki(date(1872, 12, 31))
