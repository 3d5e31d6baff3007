"""What one test of the campaign saw: faults put in, what they cost, how long until everything worked again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Set
from contextlib import contextmanager

from tests.faults.settling import settle, violations
from tests.faults.site import Site

OF_DOUBLES = (
    "i2_",
    "i5_",
    "i8",
)  # invariants that something happened twice; the others, that something is lost or wrong


class Score:
    """Filled in by the test; travels to the scorecard whatever becomes of the test."""

    def __init__(self) -> None:
        self.faults = 0
        self.lost = 0
        self.doubled = 0
        self.recovery: list[float] = []

    def injected(self, times: int = 1) -> None:
        """Faults that were put in. To be called before they are judged."""
        self.faults += times

    def count(self, *, lost: int, doubled: int) -> None:
        """What the test counted by itself, where there is no site to judge. Fails unless both are 0."""
        self.lost += lost
        self.doubled += doubled
        assert (lost, doubled) == (0, 0), f"{lost} lost, {doubled} doubled"

    def recovered(self, seconds: float) -> None:
        """From the end of the fault (from its beginning, where nothing ends it) until the thing worked again."""
        self.recovery.append(seconds)

    @contextmanager
    def recovering(self) -> Iterator[None]:
        """Around the wait until it works again."""
        began = time.monotonic()
        yield  # a wait in vain ends the test, and is no recovery
        self.recovered(time.monotonic() - began)

    def judge(
        self, site: Site, *, ambiguous: int = 0, injected: Set[str] = frozenset(), patience: float = 60.0
    ) -> None:
        """Wait until the site is at rest, and ask all invariants. Fails with what breaks them."""
        with self.recovering():
            settle(site, patience=patience)
        found = violations(site, ambiguous=ambiguous, injected=injected)
        if found:  # the clock went on meanwhile: what fell due just now may be half-way. What is wrong stays wrong
            settle(site, patience=patience)
            found = violations(site, ambiguous=ambiguous, injected=injected)
        doubled = sum(each.startswith(OF_DOUBLES) for each in found)
        self.doubled += doubled
        self.lost += len(found) - doubled
        assert not found, found

    def as_dict(self) -> dict[str, object]:
        return {"faults": self.faults, "lost": self.lost, "doubled": self.doubled, "recovery": self.recovery}
