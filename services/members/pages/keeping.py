"""How long something is kept, in words: history records, people who have left."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import ngettext

from services.members.keeping import Keeping


def keeping_words(keeping: Keeping, today: date, *, most: int) -> dict[str, Any]:
    """`most`: of the years that a society may choose."""
    return {
        "keeping": keeping,
        "kept_for": _years(keeping.years),
        "kept_before": _years(keeping.years_before),
        "shortens": keeping.counts_from > today,
        "choices": [(str(years), _years(years)) for years in range(1, most + 1)],
    }


def _years(years: int) -> str:
    return str(ngettext("%(num)s year", "%(num)s years", years))
