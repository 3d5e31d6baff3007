"""How long we put up with a provider that is slow or silent, so that nobody else has to wait for it.

Of a process's threads only some may wait for it at once; when it has been silent several times in a row, nobody asks
for a while. Who is turned away here is where silence leaves everybody: the attempt has begun, the janitor goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from services.payments.errors import ProviderSilent

AT_ONCE = 3  # of the 8 threads of a web process
SILENCES = 3  # in a row
REST = 15.0  # seconds


class Patience:
    """One for each process."""

    def __init__(self, *, at_once: int = AT_ONCE, silences: int = SILENCES, rest: float = REST) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._silences, self._rest = silences, rest
        self._lock = threading.Lock()
        self._silent = 0
        self._quiet_until = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Around one call. Raises ProviderSilent at once where it is not worth the wait."""
        if time.monotonic() < self._quiet_until or not self._places.acquire(blocking=False):
            raise ProviderSilent
        try:
            yield
        except ProviderSilent:
            self._note(silent=True)
            raise
        else:
            self._note(silent=False)
        finally:
            self._places.release()

    def _note(self, *, silent: bool) -> None:
        with self._lock:
            self._silent = self._silent + 1 if silent else 0
            if self._silent >= self._silences:
                self._quiet_until = time.monotonic() + self._rest
