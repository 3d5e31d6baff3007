"""The bus without a broker: the relay writes straight into the subscribers' inboxes. As durable as their databases."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence

import structlog

from shared.bus import inbox
from shared.messages import Envelope
from shared.outbox import Lane
from shared.service import RunningService
from shared.trouble import database_is_down

log = structlog.get_logger()

REST = 5.0  # seconds for which messages to a subscriber that could not take them are left alone


class LocalPublisher:
    """Writes to all services that it was given; each takes the types that it subscribes to."""

    def __init__(self, services: Sequence[RunningService]) -> None:
        self._subscribers = [
            (running, frozenset(contract.type_name() for contract in running.service.subscriptions))
            for running in services
        ]
        self._resting: dict[Lane, float] = {}
        self._lock = threading.Lock()  # onebox has one publisher for the relays of all services

    def publish(self, envelopes: Sequence[Envelope]) -> set[str]:
        """Confirms what every subscriber has stored; what nobody subscribes to is confirmed as well."""
        confirmed = {e.id for e in envelopes}
        for running, types in self._subscribers:
            wanted = [e for e in envelopes if e.type in types]
            if not wanted:
                continue
            left = _store(running, wanted)
            if left:
                confirmed.difference_update(e.id for e in left)
                until = time.monotonic() + REST
                with self._lock:
                    self._resting.update({(e.bulk, e.type): until for e in left})
        return confirmed

    def resting(self) -> Collection[Lane]:
        now = time.monotonic()
        with self._lock:
            self._resting = {lane: until for lane, until in self._resting.items() if until > now}
            return tuple(self._resting)

    def keep_alive(self) -> None:
        """Nothing to keep: there is no connection."""

    def close(self) -> None:
        """Nothing to close: the databases are the services'."""


def _store(running: RunningService, envelopes: Sequence[Envelope]) -> Sequence[Envelope]:
    """Which of them could not be stored. One that never can must not hold up its neighbours: then each goes alone."""
    try:
        inbox.store(running, envelopes)
    except Exception as error:
        log.warning("subscriber takes no messages", service=running.name, count=len(envelopes), error=repr(error))
        if len(envelopes) == 1 or database_is_down(error):
            return envelopes
        return [each for envelope in envelopes for each in _store(running, [envelope])]
    return ()
