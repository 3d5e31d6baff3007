"""What operators see: JSON logs, Prometheus metrics, and the trace that goes through HTTP and messages."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections import Counter as Counted
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TextIO, cast

import structlog
from prometheus_client import Counter, Gauge, Histogram

from shared import clock
from shared.messages import Envelope

_trace: ContextVar[str | None] = ContextVar("traceparent", default=None)
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

HANDLED = Counter("tsudoi_messages_handled", "Messages whose effect is committed", ["service", "type"])
FAILED = Counter(
    "tsudoi_messages_failed", "Failed attempts at a message, by what became of it", ["service", "type", "state"]
)
HANDLER = Histogram(
    "tsudoi_handler_seconds",
    "Time that one call of a handler takes, whether it succeeds or not; some handlers take many messages at once",
    ["service", "type"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
SENT = Counter("tsudoi_messages_sent", "Messages that the broker confirmed", ["service"])
AGE = Histogram(
    "tsudoi_message_age_seconds",
    "From said to handled",
    ["service"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600),
)
CONFIRM_TIMEOUTS = Counter(
    "tsudoi_confirm_timeouts", "Times that the broker did not confirm in time: its connection was thrown away"
)
RELAY_PAUSES = Counter("tsudoi_relay_pauses", "Times that the relay waited after trouble", ["service"])
CONSUMER_RESTARTS = Counter(
    "tsudoi_consumer_restarts", "Times that a consumer lost the broker and connected anew", ["service", "lane"]
)
DATABASE_PAUSES = Counter(
    "tsudoi_database_pauses", "Times that a consumer waited because its database did not answer", ["service"]
)
BROKER_BLOCKED = Gauge("tsudoi_broker_blocked", "1 while the broker takes no messages (memory or disk alarm)")
REQUEST = Histogram("tsudoi_http_seconds", "Time to answer", ["service", "endpoint", "status"])


class _Lossy:
    """On a full disk a line of the log is lost; the request or message that it tells of is not."""

    def __init__(self, to: TextIO) -> None:
        self._to = to

    def write(self, text: str) -> None:
        with suppress(OSError):
            self._to.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._to.flush()


def set_up_logs(to: TextIO = sys.stderr) -> None:
    """JSON lines, one an event, with the trace and society of the moment."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Lossy(to))),
        cache_logger_on_first_use=True,
    )


def handled(service: str, envelopes: Sequence[Envelope]) -> None:
    now = clock.now()
    for type_name, count in Counted(envelope.type for envelope in envelopes).items():
        HANDLED.labels(service, type_name).inc(count)
    age = AGE.labels(service)
    for envelope in envelopes:
        age.observe(max(0.0, (now - envelope.time).total_seconds()))


def failed(service: str, type_name: str, state: str) -> None:
    FAILED.labels(service, type_name, state).inc()


@contextmanager
def trace(traceparent: str | None) -> Iterator[str]:
    """Work under a W3C trace: the one given, if it is well-formed, otherwise a new one."""
    if not traceparent or not _TRACEPARENT.fullmatch(traceparent):
        traceparent = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    token = _trace.set(traceparent)
    with structlog.contextvars.bound_contextvars(trace=traceparent.split("-")[1]):
        try:
            yield traceparent
        finally:
            _trace.reset(token)


def current_traceparent() -> str | None:
    return _trace.get()
