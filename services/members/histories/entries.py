"""An entry of a history, and what is known where one begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, order=True)
class Entry:
    """From a day on, a standing or a category, by its code."""

    starts_on: date
    value: str

    def __str__(self) -> str:
        """As the audit trail keeps it; `words.recorded_word` makes words of it."""
        return f"{self.starts_on.isoformat()} {self.value}"


def since(joined_on: date | None, today: date) -> date:
    """From when on something holds of somebody who comes with it: nothing is invented."""
    return joined_on if joined_on and joined_on <= today else today
