"""A service's processes go by its database's clock, whatever their own machine's does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from shared import clock

HOUR = timedelta(hours=1)


class Machine(datetime):
    """The machine's clock: the true time, wrong by `by`."""

    by = timedelta()

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        return datetime.now(UTC) + cls.by


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Machine]]:
    monkeypatch.setattr(clock, "_agreed", None)
    monkeypatch.setattr(clock, "datetime", Machine)
    Machine.by = timedelta()
    yield Machine
    Machine.by = timedelta()


def right() -> bool:
    return abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=3)


@pytest.mark.parametrize("by", [HOUR, -HOUR, timedelta(days=1), timedelta(days=-1)])
def test_a_wrong_clock_is_corrected_and_without_the_database_it_is_not(machine: type[Machine], by: timedelta) -> None:
    machine.by = by
    assert not right()
    clock.agree(datetime.now(UTC))
    assert right()


def test_a_clock_that_jumps_is_not_followed_and_the_database_is_asked_again(machine: type[Machine]) -> None:
    clock.agree(datetime.now(UTC))
    assert not clock.is_doubtful()
    machine.by = HOUR
    assert right() and clock.is_doubtful()
    clock.agree(datetime.now(UTC))
    assert right() and not clock.is_doubtful()
    machine.by = timedelta()
    assert right() and clock.is_doubtful()


def test_a_machine_that_slept_finds_the_time_again(machine: type[Machine]) -> None:
    """The monotonic clock stood still meanwhile: only the database can tell."""
    clock.agree(datetime.now(UTC) - HOUR)
    assert not right()
    clock.agree(datetime.now(UTC))
    assert right()
