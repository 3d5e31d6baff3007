"""The two buses under test behind one face, and waiting without sleeping blindly."""

from __future__ import annotations

import faulthandler
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from shared import clock
from shared.bus.inbox import OPEN, InboxRow
from shared.bus.local import LocalPublisher
from shared.bus.rabbit import RabbitPublisher
from shared.bus.relay import Publisher, run_relay
from shared.bus.topology import declare_topology
from shared.bus.worker import DRAIN, run_worker
from shared.ids import new_id
from shared.messages import Envelope, Message
from shared.outbox import OutboxRow
from shared.service import RunningService
from tests.conformance.sample import Effect

DEADLINE = 30.0


def until(condition: Callable[[], object], *, stepping: timedelta | None = None, seconds: float = DEADLINE) -> None:
    """Wait for a condition; with `stepping`, the clock is moved on at each look, so that delayed retries come due."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        if stepping is not None:
            clock._offset += stepping
        time.sleep(0.02)


@dataclass
class Bus:
    """Billing, which says things, and notifications, which notes them, with a bus between."""

    kind: str
    billing: RunningService
    notifications: RunningService
    listener: RunningService
    broker_url: str = ""
    society: str = field(default_factory=new_id)
    _stops: list[tuple[threading.Event, list[threading.Thread]]] = field(default_factory=list)

    @property
    def services(self) -> list[RunningService]:
        return [self.billing, self.notifications, self.listener]

    def publisher(self) -> Publisher:
        return RabbitPublisher(self.broker_url) if self.broker_url else LocalPublisher(self.services)

    def declare(self) -> None:
        if self.broker_url:
            declare_topology(self.broker_url, [running.service for running in self.services])

    def start(self, *, relays: bool = True, workers: bool = True) -> None:
        self.declare()
        stop = threading.Event()
        targets: list[Callable[[], object]] = []
        if relays:
            targets += [
                lambda running=running: run_relay(running, self.publisher(), stop)  # type: ignore[misc]
                for running in (self.billing, self.notifications)
            ]
        if workers:
            targets += [lambda: run_worker(self.notifications, broker_url=self.broker_url or None, stop=stop)]
        threads = [threading.Thread(target=target) for target in targets]
        for thread in threads:
            thread.start()
        self._stops.append((stop, threads))

    def stop(self) -> None:
        for stop, _ in self._stops:
            stop.set()
        for _, threads in self._stops:
            for thread in threads:
                thread.join(DRAIN + 5)
                if thread.is_alive():
                    faulthandler.dump_traceback(all_threads=True)
                    raise AssertionError("does not stop")
        self._stops = []

    def say(self, *messages: Message, bulk: bool = False, society: str | None = None) -> list[str]:
        """Returns the ids of the messages."""
        with self.billing.unit(society or self.society) as uow:
            before = len(uow._said)
            uow.say_all(messages, bulk=bulk)
            return [envelope.id for envelope in uow._said[before:]]

    def envelopes(self, society: str | None = None) -> list[Envelope]:
        """All that billing ever said, or said in one society."""
        said = sa.select(OutboxRow.__table__).order_by(OutboxRow.id)
        if society is not None:
            said = said.where(OutboxRow.society == society)
        with self.billing.session(reading=True) as session:
            rows = session.execute(said).mappings().all()
        names = ("id", "type", "society", "payload", "bulk", "correlation", "causation", "traceparent")
        return [Envelope(source="/billing", time=row["said_at"], **{n: row[n] for n in names}) for row in rows]

    def say_again(self, times: int = 1) -> None:
        """Publish everything once more, as a relay does that died before it noted the confirms."""
        publisher = self.publisher()
        for _ in range(times):
            publisher.publish(self.envelopes())
        publisher.close()

    def effects(self, society: str | None = None) -> Counter[tuple[str, str]]:
        """(kind, invoice) → how often it had its effect."""
        with self.notifications.unit(society or self.society, reading=True) as uow:
            return Counter(
                (kind, subject) for kind, subject in uow.session.execute(sa.select(Effect.kind, Effect.subject))
            )

    def effects_in_order(self) -> list[str]:
        with self.notifications.unit(self.society, reading=True) as uow:
            return list(uow.session.scalars(sa.select(Effect.subject).order_by(Effect.number)))

    def states(self) -> dict[str, str]:
        """Message id → state in the inbox of notifications."""
        with self.notifications.session(reading=True) as session:
            return {row.id: row.state for row in session.execute(sa.select(InboxRow.id, InboxRow.state))}

    def row(self, id: str) -> InboxRow | None:
        with self.notifications.session(reading=True) as session:
            return session.get(InboxRow, id)

    def advance(self, time: timedelta) -> None:
        """The clock of all; put back after the test."""
        clock._offset += time

    def at_rest(self) -> bool:
        with self.notifications.session(reading=True) as session:
            return session.scalar(sa.select(InboxRow.id).where(InboxRow.state.in_(OPEN)).limit(1)) is None

    def unsent(self, running: RunningService | None = None) -> int:
        with (running or self.billing).session(reading=True) as session:
            count = sa.select(sa.func.count()).select_from(OutboxRow).where(OutboxRow.sent_at.is_(None))
            return session.scalar(count) or 0

    def said_by_notifications(self) -> int:
        with self.notifications.session(reading=True) as session:
            return session.scalar(sa.select(sa.func.count()).select_from(OutboxRow)) or 0

    def all_handled(self, ids: Sequence[str]) -> bool:
        states = self.states()
        return all(states.get(id) == "handled" for id in ids)
