"""A steady stream of messages through the two small services of the conformance tests, and what became of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa

from shared.bus.inbox import InboxRow
from shared.outbox import OutboxRow
from tests.conformance.buses import Bus
from tests.conformance.sample import changed, created
from tests.faults.score import Score

PAUSE = 0.05  # seconds between transactions of ten messages: about 200 messages a second
LOOK = 0.05


def wait_for(condition: Callable[[], object], *, seconds: float, why: Callable[[], object] = str) -> float:
    """Returns the seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"waited in vain: {why()}"
        time.sleep(LOOK)
    return time.monotonic() - began


class Stream:
    """Billing says ten things at a time, half of them in the bulk lane, until it is stopped. `ids`: of all messages."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.ids: list[str] = []
        self.answers = 0  # that notifications owes: one for each invoice that was created
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream")

    def __enter__(self) -> Stream:
        self.bus.start()
        self._thread.start()
        wait_for(lambda: self.bus.effects(), seconds=60)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def sent_of_those_said_after(self, moment: datetime) -> int:
        return self._count(OutboxRow.said_at > moment, OutboxRow.sent_at.is_not(None))

    def until_sent_again(self, since: datetime, *, seconds: float) -> float:
        """Until something that was said after a moment is confirmed; returns the seconds that it took."""
        return wait_for(lambda: self.sent_of_those_said_after(since), seconds=seconds)

    def until_handled_again(self, since: int, *, seconds: float) -> float:
        """Until the twenty messages after so many (both lanes are among them) have had their effect."""
        wait_for(lambda: len(self.ids) >= since + 20, seconds=10)
        return wait_for(lambda: self._handled(self.ids[since : since + 20]) == 20, seconds=seconds)

    def longest_wait(self) -> float:
        """Seconds between said and confirmed, of the message that waited longest."""
        with self.bus.billing.session(reading=True) as session:
            waits = sa.select(sa.func.max(OutboxRow.sent_at - OutboxRow.said_at))
            return float(session.scalar(waits).total_seconds())  # type: ignore[union-attr]

    def judge(self, score: Score, *, seconds: float = 120) -> None:
        """Stop, wait until all is done, and count: each message must have had its effect once."""
        self.stop()
        bus = self.bus
        wait_for(lambda: not bus.unsent(), seconds=seconds, why=lambda: f"{bus.unsent()} unsent")
        wait_for(
            lambda: self._handled() >= len(self.ids),
            seconds=seconds,
            why=lambda: f"{self._handled()} of {len(self.ids)} handled",
        )
        wait_for(lambda: not bus.unsent(bus.notifications), seconds=seconds)
        assert bus.all_handled(self.ids)
        effects = bus.effects()
        score.count(lost=len(self.ids) - len(effects), doubled=effects.total() - len(effects))
        assert bus.said_by_notifications() == self.answers

    def _run(self) -> None:
        while not self._stop.wait(PAUSE):
            for bulk in (False, True):
                self.ids += self.bus.say(*[created() for _ in range(2)], *[changed() for _ in range(3)], bulk=bulk)
                self.answers += 2

    def _count(self, *conditions: sa.ColumnElement[bool]) -> int:
        with self.bus.billing.session(reading=True) as session:
            return session.scalar(sa.select(sa.func.count()).select_from(OutboxRow).where(*conditions)) or 0

    def _handled(self, ids: Sequence[str] | None = None) -> int:
        """How many are: of these, or at all."""
        with self.bus.notifications.session(reading=True) as session:
            handled = sa.select(sa.func.count()).select_from(InboxRow).where(InboxRow.state == "handled")
            return session.scalar(handled if ids is None else handled.where(InboxRow.id.in_(ids))) or 0
