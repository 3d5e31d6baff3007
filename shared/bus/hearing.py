"""Taking in what the broker has sent, without ever standing still in the middle of a frame.

py-amqp reads a frame that has begun to its end, and asks a socket without a time-out again and again meanwhile: a
broker that freezes in between would hold us, at full speed, for ever. So the socket is asked before, and a frame that
has begun is given a moment; what has come of it is kept."""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import Any

REST_OF_A_FRAME = 1.0  # seconds


def hear(connection: Any, timeout: float, *, enough: Callable[[], bool] = lambda: False) -> None:
    """All that is there, or enough of it, waiting at most `timeout` seconds for the first. Raises BROKER_ERRORS."""
    transport = connection.transport
    poll = select.poll()
    poll.register(transport.sock, select.POLLIN)
    while not enough():
        if not (_is_begun(transport) or poll.poll(timeout * 1000)):
            return
        try:
            connection.drain_events(timeout=REST_OF_A_FRAME)
        except TimeoutError:
            return
        timeout = 0


def _is_begun(transport: Any) -> bool:
    """Is there something that was read from the socket already? (With TLS a record may hold several frames.)"""
    pending = getattr(transport.sock, "pending", None)
    return bool(transport._read_buffer) or bool(pending and pending())
