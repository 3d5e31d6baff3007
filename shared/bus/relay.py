"""The relay: carries messages from a service's outbox to the bus, for ever if need be, and marks those that arrived."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol

import structlog

from shared import clock, crash, observe, outbox
from shared.messages import Envelope
from shared.service import RunningService

log = structlog.get_logger()

POLL = 1.0  # seconds; the safety net under the wake-up calls
LONGEST_PAUSE = 10.0  # seconds between tries while the bus or the database is away


class BusUnavailable(Exception):
    """The bus took only some messages, or none. `confirmed`: ids of those that it did take."""

    def __init__(self, reason: str, confirmed: Collection[str] = ()) -> None:
        super().__init__(reason)
        self.confirmed = set(confirmed)


class Publisher(Protocol):
    """The sending end of a bus."""

    def publish(self, envelopes: Sequence[Envelope]) -> set[str]:
        """Returns the ids that the bus has made durable for every subscriber. Raises BusUnavailable."""

    def resting(self) -> Collection[outbox.Lane]:
        """What could not be delivered a moment ago: left alone for a while, so that it does not block the rest."""

    def keep_alive(self) -> None:
        """Called about once a second while there is nothing to send."""

    def close(self) -> None: ...


def relay_once(running: RunningService, publisher: Publisher, limit: int = 1000) -> int:
    """Send up to `limit` messages. Returns how many were confirmed. Raises BusUnavailable and database errors."""
    source = f"/{running.name}"
    if (
        running.engine.dialect.name == "sqlite"
    ):  # its one write lock must not be held while others' databases are written
        with running.session(reading=True) as session:
            envelopes = outbox.claim(session, source, limit, resting=publisher.resting())
        confirmed, trouble = _publish(publisher, envelopes)
        if confirmed:
            with running.session() as session:
                outbox.mark_sent(session, confirmed, clock.now())
    else:
        with running.session() as session:
            envelopes = outbox.claim(session, source, limit, resting=publisher.resting())
            confirmed, trouble = _publish(publisher, envelopes)
            if confirmed:
                outbox.mark_sent(session, confirmed, clock.now())
    crash.point("marked")
    observe.SENT.labels(running.name).inc(len(confirmed))
    if trouble is not None:
        raise trouble
    return len(confirmed)


def _publish(publisher: Publisher, envelopes: Sequence[Envelope]) -> tuple[set[str], BusUnavailable | None]:
    if not envelopes:
        return set(), None
    crash.point("claimed")
    try:
        confirmed = publisher.publish(envelopes)
    except BusUnavailable as trouble:
        return trouble.confirmed, trouble
    crash.point("published")
    return confirmed, None


def run_relay(
    running: RunningService, publisher: Publisher, stop: threading.Event, *, progress: Callable[[], None] = lambda: None
) -> None:
    """Until told to stop: send what is there, wait for more. The batch in hand is finished."""
    observe.RELAY_PAUSES.labels(running.name)
    woken = threading.Event()
    running.after_saying.append(woken.set)
    listener = threading.Thread(target=_listen, args=(running, woken, stop), name=f"listen {running.name}", daemon=True)
    if running.engine.dialect.name == "postgresql":
        listener.start()
    failures = 0
    try:
        while not stop.is_set():
            progress()
            woken.clear()
            try:
                sent = relay_once(running, publisher, limit=1 if failures else 1000)  # after trouble, one to try it out
                failures = 0
            except Exception as error:
                failures += 1
                observe.RELAY_PAUSES.labels(running.name).inc()
                log.warning("relay pauses", service=running.name, error=repr(error), failures=failures)
                stop.wait(pause(failures, LONGEST_PAUSE))
                continue
            if not sent:
                publisher.keep_alive()
                _wait(woken, stop, POLL)
    finally:
        running.after_saying.remove(woken.set)
        publisher.close()
        if listener.is_alive():
            listener.join(5)


def pause(failures: int, longest: float) -> float:
    """Seconds to wait after so many failures in a row: growing, and random, so that not all come back at once."""
    return random.uniform(0.5, 1.0) * min(longest, 0.1 * 2.0 ** min(failures, 16))


def _wait(woken: threading.Event, stop: threading.Event, seconds: float) -> None:
    for _ in range(max(1, round(seconds / 0.25))):
        if woken.wait(0.25) or stop.is_set():
            return


def _listen(running: RunningService, woken: threading.Event, stop: threading.Event) -> None:
    """PostgreSQL's NOTIFY, on a connection of its own, from whichever process said something."""
    failures = 0
    while not stop.is_set():
        try:
            raw = running.engine.raw_connection()
            connection: Any = raw.driver_connection  # asked for first: a detached one no longer tells
            raw.detach()
            with connection:
                connection.autocommit = True
                connection.execute("LISTEN outbox")
                woken.set()
                failures = 0
                while not stop.is_set():
                    for _ in connection.notifies(timeout=0.5, stop_after=1):
                        woken.set()
        except Exception as error:
            failures += 1
            log.warning("not listening to the database, polling instead", service=running.name, error=repr(error))
            stop.wait(pause(failures, LONGEST_PAUSE))
