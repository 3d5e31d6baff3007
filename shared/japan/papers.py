"""How papers write days and whom they are for, in Japanese and English."""

from __future__ import annotations

from datetime import date


def day_on_paper(day: date, language: str) -> str:
    """2026年11月21日 or 21 November 2026."""
    return f"{day.day} {day:%B} {day.year}" if language == "en" else f"{day.year}年{day.month}月{day.day}日"


def honorific(language: str, *, corporate: bool) -> str:
    """様 for a person, 御中 for an institution; English has no such word."""
    return "" if language == "en" else "御中" if corporate else "様"
