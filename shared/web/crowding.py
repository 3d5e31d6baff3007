"""Who has waited for a free thread for too long is told so at once: the client has gone, or will soon.

Without it everybody waits in line behind requests that nobody wants answered any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from flask import Flask, request
from prometheus_client import Counter

from shared.errors import Unavailable

LONGEST_WAIT = 8.0  # seconds
TURNED_AWAY = Counter("tsudoi_requests_turned_away", "Requests that waited too long for a free thread")

_here = threading.local()


class Line(ThreadPoolExecutor):
    """The threads of a web process; each knows how long its request has waited for it."""

    def submit(self, do: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        came = time.monotonic()

        def in_turn() -> Any:
            _here.waited = time.monotonic() - came
            return do(*args, **named)

        return super().submit(in_turn)


def install(app: Flask) -> None:
    @app.before_request
    def _turn_away() -> None:
        if getattr(_here, "waited", 0.0) > LONGEST_WAIT and not request.path.endswith("/health/live"):
            TURNED_AWAY.inc()
            raise Unavailable
