"""Taking messages from RabbitMQ: in batches, each handled in one transaction, acked after the commit.

Nothing that happens to a message loses it: what cannot be read is rejected to the dead-letter queue, what fails waits
in the inbox, and while the database is away the batch in hand is kept, unacked, without burning attempts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
import structlog
from prometheus_client import Counter, Gauge

from shared import crash, observe
from shared.bus import inbox
from shared.bus.arrival import Undecodable, read
from shared.bus.hearing import hear
from shared.bus.heartbeat import Heartbeat
from shared.bus.relay import pause
from shared.bus.topology import BROKER_ERRORS, close, connect, dead_queue, declare, queue_name
from shared.messages import Envelope
from shared.service import RunningService
from shared.trouble import database_is_down, is_contention, tables_are_missing

log = structlog.get_logger()

PREFETCH = 1000
BATCH = 500
BATCH_BESIDE_PEOPLE = 25  # of the bulk lane, while the prompt one is in use
IN_USE = 0.25  # seconds after its last message
LONGEST_REST = 0.5  # seconds
LINGER = {False: 0.0, True: 0.015}  # seconds to wait for more before a batch is handled: prompt lane, bulk lane
IDLE = 0.5  # seconds between looks at the stop sign
QUIET = 60.0  # seconds without a message before we connect anew
LONGEST_PAUSE = 10.0

COUNT_DEAD_EVERY = 15.0  # seconds

REJECTED = Counter("tsudoi_messages_rejected", "Messages that could not be read: dead-lettered", ["service"])
DEAD_LETTERS = Gauge("tsudoi_dead_letters", "Messages in the dead-letter queue", ["service"])


def consume(
    running: RunningService,
    broker_url: str,
    *,
    bulk: bool,
    stop: threading.Event,
    progress: Callable[[], None] = lambda: None,
) -> None:
    """Until told to stop; connects again for ever. The batch in hand is finished and acked."""
    _show_figures(running, bulk=bulk)
    failures = 0
    while not stop.is_set():
        progress()
        _await_database(running, stop, progress)
        started = time.monotonic()
        try:
            _Taker(running, broker_url, bulk=bulk, stop=stop, progress=progress).run()
        except BROKER_ERRORS as error:
            failures = 1 if time.monotonic() - started > LONGEST_PAUSE else failures + 1
            observe.CONSUMER_RESTARTS.labels(running.name, "bulk" if bulk else "prompt").inc()
            log.warning("consumer lost the broker", service=running.name, bulk=bulk, error=repr(error))
            stop.wait(pause(failures, LONGEST_PAUSE))


def _show_figures(running: RunningService, *, bulk: bool) -> None:
    """From zero: a counter that first appears as 1 has not grown, in the eyes of whoever watches it grow."""
    REJECTED.labels(running.name)
    observe.CONSUMER_RESTARTS.labels(running.name, "bulk" if bulk else "prompt")
    observe.DATABASE_PAUSES.labels(running.name)
    for contract in running.service.subscriptions:
        for state in ("retry", "parked"):
            observe.FAILED.labels(running.name, contract.type_name(), state)


class Cancelled(ConnectionError):
    """The broker has taken our consumer away, as when its queue is deleted: connect and declare anew."""


class _Taker:
    """One connection's life as a consumer."""

    def __init__(
        self,
        running: RunningService,
        broker_url: str,
        *,
        bulk: bool,
        stop: threading.Event,
        progress: Callable[[], None],
    ) -> None:
        self._running = running
        self._bulk = bulk
        self._stop = stop
        self._progress = progress
        self._subscribed = {contract.type_name() for contract in running.service.subscriptions}
        self._waiting: list[Any] = []
        self._rejected: set[int] = set()
        self._cancelled = False
        self._dead_counted_at = 0.0
        self._connection = connect(broker_url)
        self._channel = self._connection.channel()
        self._channel.auto_decode = False

    def run(self) -> None:
        """Until told to stop, or nothing has come for so long that it may be the broker's fault.

        To ask the broker is no use: when a queue is deleted and made anew at once, RabbitMQ 3.10 subscribes our channel
        to the new one by itself, believes its messages delivered and never sends them. Only a new channel gets them."""
        queue = queue_name(self._running.name, bulk=self._bulk)
        heartbeat = Heartbeat(self._connection)
        try:
            declare(self._channel, self._running.name, self._running.service.subscriptions)
            self._channel.basic_qos(0, PREFETCH, False)
            tag = self._channel.basic_consume(queue, callback=self._waiting.append, on_cancel=self._on_cancel)
            last = time.monotonic()
            while not self._stop.is_set():
                self._progress()
                batch = self._next_batch()
                if batch:
                    began = time.monotonic()
                    self._settle(batch)
                    heartbeat.heard()
                    last = time.monotonic()
                    self._let_people_pass(last - began)
                heartbeat.check()
                self._count_dead()
                if self._cancelled:
                    raise Cancelled("the broker has cancelled the consumer")
                if time.monotonic() - last > QUIET:
                    break
            self._channel.basic_cancel(tag)  # what was delivered and not taken goes back to the queue
        finally:
            heartbeat.stop()
            close(self._connection)

    def _count_dead(self) -> None:
        """Those that the broker gave up, too, which no process of ours sees."""
        if self._bulk or time.monotonic() - self._dead_counted_at < COUNT_DEAD_EVERY:
            return
        dead = self._channel.queue_declare(dead_queue(self._running.name), passive=True)
        DEAD_LETTERS.labels(self._running.name).set(dead.message_count)
        self._dead_counted_at = time.monotonic()

    def _on_cancel(self, tag: str) -> None:
        self._cancelled = True

    def _next_batch(self) -> list[Any]:
        """Whatever is there, up to BATCH; the bulk lane waits a moment for more."""
        self._drain(IDLE if not self._waiting else 0)
        while self._waiting and len(self._waiting) < BATCH:
            before = len(self._waiting)
            self._drain(LINGER[self._bulk])
            if len(self._waiting) == before:
                break
        size = BATCH_BESIDE_PEOPLE if self._bulk and self._beside_people else BATCH
        batch = self._waiting[:size]
        del self._waiting[:size]
        return batch

    @property
    def _beside_people(self) -> bool:
        return time.monotonic() - self._running.prompted_at < IN_USE

    def _let_people_pass(self, seconds: float) -> None:
        """A run takes a third of the time of whatever a click must go through."""
        if not self._bulk:
            self._running.prompted_at = time.monotonic()
        elif self._beside_people:
            self._stop.wait(min(2 * seconds, LONGEST_REST))

    def _drain(self, timeout: float) -> None:
        hear(self._connection, timeout, enough=lambda: len(self._waiting) >= BATCH)

    def _settle(self, batch: list[Any]) -> None:
        """Handle a batch, then ack all of it at once. Left unacked only when we stop while the database is away."""
        crash.point("received")
        fresh: list[Envelope] = []
        seen_before: list[Envelope] = []
        tags: dict[str, int] = {}
        for message in batch:
            try:
                envelope = read(message, bulk=self._bulk, subscribed=self._subscribed)
            except Undecodable as error:
                self._reject(message.delivery_tag, str(error))
                continue
            tags[envelope.id] = message.delivery_tag
            (seen_before if message.delivery_info["redelivered"] else fresh).append(envelope)
        crash.point("decoded")
        # what was delivered before may have killed the process: it is stored first, and its attempts are counted
        for take, envelopes in ((inbox.store, seen_before), (inbox.receive, fresh)):
            if envelopes and not self._persist(take, envelopes, tags):
                return
        crash.point("commit")
        kept = [message.delivery_tag for message in batch if message.delivery_tag not in self._rejected]
        if kept:  # to ack a tag that was rejected would close the channel
            self._channel.basic_ack(kept[-1], multiple=True)
        self._rejected.clear()
        crash.point("ack")

    def _persist(self, take: Callable[..., None], envelopes: list[Envelope], tags: dict[str, int]) -> bool:
        """For as long as it takes. False if told to stop first."""
        failures = 0
        while True:
            try:
                take(self._running, envelopes)
                return True
            except Exception as error:
                away = database_is_down(error) or tables_are_missing(error)
                if not (away or is_contention(error)):
                    self._store_each(envelopes, tags)
                    return True
                failures += 1
                if away:
                    observe.DATABASE_PAUSES.labels(self._running.name).inc()
                log.warning("cannot store now, keeping the batch", service=self._running.name, error=repr(error))
                self._progress()
                if self._stop.wait(pause(failures, LONGEST_PAUSE)):
                    return False

    def _store_each(self, envelopes: list[Envelope], tags: dict[str, int]) -> None:
        """Something in the batch cannot even be stored: find it, keep the others."""
        for envelope in envelopes:
            try:
                inbox.store(self._running, [envelope], state="retrying")
            except Exception as error:
                if database_is_down(error) or is_contention(error) or tables_are_missing(error):
                    raise ConnectionError("database cannot store just now") from error
                self._reject(tags[envelope.id], repr(error))

    def _reject(self, tag: int, reason: str) -> None:
        """To the dead-letter queue; reject, not nack, which newer brokers do not count."""
        REJECTED.labels(self._running.name).inc()
        log.error("message rejected", service=self._running.name, reason=reason)
        self._channel.basic_reject(tag, requeue=False)
        self._rejected.add(tag)


def _await_database(running: RunningService, stop: threading.Event, progress: Callable[[], None]) -> None:
    """Take nothing while it could not be stored."""
    failures = 0
    while not stop.is_set():
        try:
            with running.session(reading=True) as session:
                session.execute(sa.select(inbox.InboxRow.id).limit(1))
            return
        except Exception as error:
            failures += 1
            observe.DATABASE_PAUSES.labels(running.name).inc()
            log.warning("database is away, taking no messages", service=running.name, error=repr(error))
            progress()
            stop.wait(pause(failures, LONGEST_PAUSE))
