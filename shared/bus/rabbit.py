"""Sending to RabbitMQ: pipelined publisher confirms, each matched to its own message.

py-amqp's own way to wait for a confirm takes any confirm for the one it waits for. Here tags are compared, and after
any time-out, refusal or error the connection is thrown away, so that a late confirm can reach nobody."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Any

import amqp
import structlog
from amqp import spec

from shared import observe
from shared.bus.hearing import hear
from shared.bus.relay import BusUnavailable, pause
from shared.bus.topology import BROKER_ERRORS, EXCHANGE, HEARTBEAT, close, connect, declare_exchange, routing_key
from shared.messages import Envelope
from shared.outbox import Lane

log = structlog.get_logger()

WINDOW = 1000  # unconfirmed messages at most
LOOK_EVERY = 50  # messages that go out at once; then we look at what the broker says
CONFIRM_TIMEOUT = 5.0  # seconds without any confirm
UNROUTABLE_REST = 30.0  # seconds
REFUSED_REST = 5.0  # at most: a queue between two leaders refuses for a moment, a full one for long
LONGEST_BLOCK = 300.0  # seconds; then the line is tried anew, in case nobody is at its other end any more


class Blocked(ConnectionError):
    """The broker blocks publishers. The connection is kept: it hears the end of it, and the broker would not notice
    that we left it, so that each try of a long alarm would cost the broker one more."""


class RabbitPublisher:
    """One connection, used for publishing only: a broker that blocks publishers does not touch the consumers."""

    def __init__(self, broker_url: str, *, confirm_timeout: float = CONFIRM_TIMEOUT) -> None:
        self._broker_url = broker_url
        self._confirm_timeout = confirm_timeout
        self._connection: Any = None
        self._channel: Any = None
        self._last_tag = 0
        self._unconfirmed: OrderedDict[int, Envelope] = OrderedDict()  # by tag, rising
        self._confirmed: set[str] = set()
        self._returned: set[str] = set()
        self._refused: list[Envelope] = []
        self._blocked: str | None = None
        self._blocked_since = 0.0
        self._last_beat = 0.0
        self._resting: dict[Lane, float] = {}
        self._refusals: dict[Lane, int] = {}  # in a row

    def publish(self, envelopes: Sequence[Envelope]) -> set[str]:
        """Ids that the broker has stored in at least one queue. Raises BusUnavailable with those confirmed so far."""
        self._confirmed, self._returned, self._refused = set(), set(), []
        try:
            if self._blocked is not None:
                self._look(0)
                self._throw_away()  # unblocked, or for too long; what was sent before may be confirmed late
            if self._connection is None:
                self._connect()
            self._send(envelopes)
        except Blocked as error:
            raise BusUnavailable(repr(error), self._confirmed - self._returned) from error
        except BROKER_ERRORS as error:
            self._throw_away()
            raise BusUnavailable(repr(error), self._confirmed - self._returned) from error
        except BaseException:
            self._throw_away()
            raise
        self._rest(envelopes)
        if self._refused:
            self._throw_away()
        observe.BROKER_BLOCKED.set(0)
        return self._confirmed - self._returned

    def resting(self) -> Collection[Lane]:
        now = time.monotonic()
        self._resting = {lane: until for lane, until in self._resting.items() if until > now}
        return tuple(self._resting)

    def keep_alive(self) -> None:
        """Heartbeats both ways; a broken connection is dropped now rather than when a message is in hand."""
        if self._connection is None:
            return
        if time.monotonic() - self._last_beat < (self._connection.heartbeat or HEARTBEAT) / 3:
            return
        self._last_beat = time.monotonic()
        try:
            self._look(0)
            self._connection.heartbeat_tick()
        except Blocked:
            return  # it is kept: see there
        except BROKER_ERRORS:
            self._throw_away()

    def close(self) -> None:
        if self._connection is not None:
            close(self._connection)
        self._throw_away()

    def _connect(self) -> None:
        self._connection = connect(self._broker_url, on_blocked=self._on_blocked, on_unblocked=self._on_unblocked)
        self._channel = self._connection.channel()
        declare_exchange(self._channel)
        self._channel.confirm_select()
        self._last_tag, self._unconfirmed = 0, OrderedDict()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)

    def _throw_away(self) -> None:
        if self._connection is not None:
            self._connection.collect()
        self._connection = self._channel = None
        self._unconfirmed = OrderedDict()
        self._blocked = None
        observe.BROKER_BLOCKED.set(0)

    def _send(self, envelopes: Sequence[Envelope]) -> None:
        for number, envelope in enumerate(envelopes, 1):
            message = amqp.Message(
                envelope.payload,
                content_type="application/json",
                delivery_mode=2,
                message_id=envelope.id,
                application_headers=envelope.headers(),
            )
            key = routing_key(envelope.type, bulk=envelope.bulk)
            self._last_tag += 1
            self._unconfirmed[self._last_tag] = envelope
            # basic_publish reads the socket before each message; we do so every LOOK_EVERY
            self._channel.send_method(spec.Basic.Publish, "Bssbb", (0, EXCHANGE, key, True, False), message)
            if number % LOOK_EVERY == 0:
                self._look(0)
            if len(self._unconfirmed) >= WINDOW:
                self._await_confirms(WINDOW // 2)
        self._await_confirms(0)

    def _await_confirms(self, leave: int) -> None:
        """Until at most so many are unconfirmed; the time-out runs from the last confirm that came."""
        deadline = time.monotonic() + self._confirm_timeout
        while len(self._unconfirmed) > leave:
            before = len(self._unconfirmed)
            self._look(max(0.001, deadline - time.monotonic()))
            if len(self._unconfirmed) < before:
                deadline = time.monotonic() + self._confirm_timeout
            elif time.monotonic() >= deadline:
                observe.CONFIRM_TIMEOUTS.inc()
                raise TimeoutError(f"no confirm for {self._confirm_timeout} s")

    def _look(self, timeout: float) -> None:
        """Take in what the broker has sent: all of it, waiting at most so long for the first frame."""
        hear(self._connection, timeout)
        if self._blocked is not None and time.monotonic() - self._blocked_since < LONGEST_BLOCK:
            raise Blocked(f"the broker blocks publishers: {self._blocked}")

    def _settled(self, tag: int, multiple: bool) -> list[Envelope]:
        if not multiple:
            one = self._unconfirmed.pop(tag, None)
            return [] if one is None else [one]
        settled = []
        while self._unconfirmed and next(iter(self._unconfirmed)) <= tag:
            settled.append(self._unconfirmed.popitem(last=False)[1])
        return settled

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._confirmed.update(envelope.id for envelope in self._settled(tag, multiple))

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._refused += self._settled(tag, multiple)

    def _on_return(self, error: Exception, exchange: str, key: str, message: Any) -> None:
        """Unroutable; its confirm follows nevertheless."""
        self._returned.add(message.properties["message_id"])

    def _on_blocked(self, reason: str) -> None:
        self._blocked, self._blocked_since = reason, time.monotonic()
        observe.BROKER_BLOCKED.set(1)

    def _on_unblocked(self) -> None:
        self._blocked = None
        observe.BROKER_BLOCKED.set(0)

    def _rest(self, envelopes: Sequence[Envelope]) -> None:
        now = time.monotonic()
        unroutable = {(e.bulk, e.type) for e in envelopes if e.id in self._returned} if self._returned else set()
        refused = {(e.bulk, e.type) for e in self._refused}
        if unroutable:
            log.error("no queue is bound for messages", lanes=sorted(unroutable))
        if refused:
            log.error("the broker refuses messages, is a queue full?", lanes=sorted(refused))
        self._resting.update(dict.fromkeys(unroutable, now + UNROUTABLE_REST))
        if self._refusals:
            through = {(e.bulk, e.type) for e in envelopes} - refused
            self._refusals = {lane: count for lane, count in self._refusals.items() if lane not in through}
        for lane in refused:
            self._refusals[lane] = self._refusals.get(lane, 0) + 1
            self._resting[lane] = now + pause(self._refusals[lane], REFUSED_REST)
