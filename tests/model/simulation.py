"""Time, ids and chance of one simulated world: the same seed gives the same world, to the last id."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace
from unittest.mock import patch

from services.notifications import sending
from services.payments.sandbox import charges
from shared import clock, crash, ids
from shared.bus import local

START = datetime(2026, 5, 11, 3, 0, tzinfo=UTC)  # noon in Tokyo, a Monday
TICK = timedelta(microseconds=1)  # each look at the clock finds it later


class Died(BaseException):
    """The process was killed here. No `except Exception` survives it, and no transaction is committed."""


class Simulation:
    """What the world below sees instead of the machine's clock, its entropy, and `os._exit` at a crash point."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, seed: int) -> None:
        """A new world."""
        self.moment = START
        self.chance = random.Random(seed)
        self.deaths = 0
        self._deadly: dict[str, int] = {}  # crash point → at which pass from now on

    def now(self) -> datetime:
        self.moment += TICK
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by

    def kill_at(self, point: str, passes: int = 1) -> None:
        """Die when this place is passed for the n-th time from now on ("": nowhere)."""
        if point:
            self._deadly[point] = passes

    def spare(self) -> None:
        """Nobody is to die any more."""
        self._deadly.clear()

    def pass_by(self, point: str) -> None:
        if point not in self._deadly:
            return
        self._deadly[point] -= 1
        if self._deadly[point] <= 0:
            del self._deadly[point]
            self.deaths += 1
            raise Died(point)

    def seconds(self) -> float:
        return (self.now() - START).total_seconds()

    def nanoseconds(self) -> int:
        since = self.now() - datetime(1970, 1, 1, tzinfo=UTC)
        return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000

    @contextmanager
    def running(self) -> Iterator[None]:
        """While open, the kit lives in this simulation: its only clock, its only ids, its crash points are ours."""
        simulation = self

        class Datetime(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return simulation.now().astimezone(tz)

        monotonic = SimpleNamespace(monotonic=self.seconds)
        secrets = SimpleNamespace(
            token_hex=lambda size: self.chance.randbytes(size).hex(), randbelow=lambda end: self.chance.randrange(end)
        )
        with (
            patch.object(clock, "datetime", Datetime),
            patch.object(clock, "_agreed", None),  # with a database server that another test spoke to
            patch.object(ids, "time", SimpleNamespace(time_ns=self.nanoseconds)),
            patch.object(ids, "os", SimpleNamespace(urandom=lambda size: self.chance.randbytes(size))),
            patch.object(local, "time", monotonic),
            patch.object(sending, "time", monotonic),
            patch.object(charges, "secrets", secrets),
            patch.object(crash, "point", self.pass_by),
        ):
            yield
