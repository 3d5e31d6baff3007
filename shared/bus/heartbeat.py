"""Heartbeats of a consumer's connection, also while a handler takes long."""

from __future__ import annotations

import threading
import time
from typing import Any

from shared.bus.topology import HEARTBEAT


class Heartbeat:
    """Sends from a thread of its own (py-amqp's frame writer has a lock); the reader tells whether it is answered."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._interval: float = connection.heartbeat or HEARTBEAT  # the broker may want a shorter one than we
        self._stopped = threading.Event()
        self._last_heard = time.monotonic()
        self._bytes = connection.bytes_recv
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        while not self._stopped.wait(self._interval / 3):
            try:
                self._connection.send_heartbeat()
            except Exception:
                return  # the reader finds the connection broken, and says so

    def heard(self) -> None:
        """The reader was busy with a batch: what the broker sent meanwhile is not read yet."""
        self._last_heard = time.monotonic()

    def check(self) -> None:
        """Called by the reader after each look at the socket. Raises ConnectionError if the broker fell silent."""
        now = time.monotonic()
        if self._connection.bytes_recv != self._bytes:
            self._bytes = self._connection.bytes_recv
            self._last_heard = now
        elif now - self._last_heard > 2 * self._interval:
            raise ConnectionError("the broker is silent")

    def stop(self) -> None:
        self._stopped.set()
