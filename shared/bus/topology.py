"""What stands in the broker: one topic exchange, per service a queue for each lane, and a dead-letter queue.

tsudoi ──prompt.<type>──▶ <service>        ─┐ rejected or delivered
       ──bulk.<type>────▶ <service>.bulk   ─┴ too often ──▶ tsudoi.dead ──▶ <service>.dead

By way of <service>.again dead letters go back to their queue: who may write there can reach no other service's."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from amqp.exceptions import AccessRefused, AMQPError, NotFound
from kombu import connection as kombu

from shared.messages import CONTRACTS, Message
from shared.service import Service

EXCHANGE = "tsudoi"
DEAD = "tsudoi.dead"
UNHEARD = "tsudoi.unheard"  # copies of what no service subscribes to, so that such a message counts as delivered
DELIVERY_LIMIT = 10
HEARTBEAT = 30  # seconds
TIMEOUT = 5.0  # seconds for connecting
ANSWER = 10.0  # seconds for a write, and for an answer: a frozen node gives none, and keeps the line open


class TopologyMissing(ConnectionError):
    """A queue is missing, and this account may not declare it."""


BROKER_ERRORS: tuple[type[Exception], ...] = (AMQPError, OSError, EOFError)


def connect(
    broker_url: str, *, on_blocked: Callable[[str], None] | None = None, on_unblocked: Callable[[], None] | None = None
) -> Any:
    """An open py-amqp connection. Raises one of BROKER_ERRORS.

    Several addresses, separated by `;`, are tried one after the other, beginning with any of them: so the nodes of a
    cluster share the work, and who is unlucky with a node that connects but does not answer soon tries another."""
    make: Any = kombu.Connection
    options = {"on_blocked": on_blocked, "on_unblocked": on_unblocked}
    addresses = broker_url.split(";")
    random.shuffle(addresses)
    for number, address in enumerate(addresses, 1):
        known = make(address, heartbeat=HEARTBEAT, connect_timeout=TIMEOUT, transport_options=options)
        try:
            connection = known.transport.establish_connection()
            # Not py-amqp's own read_timeout: in the middle of a frame it asks again for ever when that has passed.
            connection.transport.sock.settimeout(ANSWER)
            return connection
        except BROKER_ERRORS:
            if number == len(addresses):
                raise
    raise ConnectionError("no address of a broker")


def close(connection: Any) -> None:
    """Say good-bye if the broker listens; in any case let go of the socket."""
    try:
        if connection.connected:
            with connection.transport.having_timeout(2):
                connection.close()
    except Exception:
        pass
    finally:
        connection.collect()


def queue_name(service: str, *, bulk: bool) -> str:
    return f"{service}.bulk" if bulk else service


def dead_queue(service: str) -> str:
    return f"{service}.dead"


def routing_key(type_name: str, *, bulk: bool) -> str:
    return f"bulk.{type_name}" if bulk else f"prompt.{type_name}"


def again_exchange(service: str) -> str:
    return f"{service}.again"


def declare(channel: Any, service: str, subscriptions: Iterable[type[Message]]) -> None:
    """What a service needs, idempotently. Whoever may not declare looks whether the deployment has done so.

    Raises TopologyMissing, one of BROKER_ERRORS."""
    subscriptions = list(subscriptions)
    try:
        _trying(channel, lambda other: _declare(other, service, subscriptions))
    except AccessRefused:
        _trying(channel, lambda other: _look(other, service))


def _declare(channel: Any, service: str, subscriptions: Iterable[type[Message]]) -> None:
    declare_exchange(channel)
    channel.exchange_declare(DEAD, "direct", durable=True, auto_delete=False)
    channel.queue_declare(dead_queue(service), durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    channel.queue_bind(dead_queue(service), DEAD, service)
    channel.exchange_declare(again_exchange(service), "direct", durable=True, auto_delete=False)
    for bulk in (False, True):
        queue = queue_name(service, bulk=bulk)
        channel.queue_declare(
            queue,
            durable=True,
            auto_delete=False,
            arguments={
                "x-queue-type": "quorum",
                "x-delivery-limit": DELIVERY_LIMIT,
                "x-dead-letter-exchange": DEAD,
                "x-dead-letter-routing-key": service,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",  # without it, dead-lettering silently falls back to at-most-once
            },
        )
        channel.queue_bind(queue, again_exchange(service), queue)
        for contract in subscriptions:
            channel.queue_bind(queue, EXCHANGE, routing_key(contract.type_name(), bulk=bulk))


def _look(channel: Any, service: str) -> None:
    for queue in (queue_name(service, bulk=False), queue_name(service, bulk=True), dead_queue(service)):
        try:
            channel.queue_declare(queue, passive=True)
        except NotFound:
            raise TopologyMissing(f"there is no queue {queue}: has the deployment declared the topology?") from None


def declare_exchange(channel: Any) -> None:
    """Unless it stands: then nobody needs the right to declare it."""
    try:
        _trying(channel, lambda other: other.exchange_declare(EXCHANGE, "topic", passive=True))
    except NotFound:
        channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)


def _trying(channel: Any, do: Callable[[Any], object]) -> None:
    """On a channel of its own: a refusal closes it."""
    other = channel.connection.channel()
    try:
        do(other)
    finally:
        if other.is_open:
            other.close()


def declare_topology(broker_url: str, services: Iterable[Service]) -> None:
    """All services' queues, and a short one for what none of them subscribes to.

    To be run once a deployment. Without it each worker still declares its own part; but messages that nobody hears then
    stay in the outbox of their sender, since nobody can tell them from messages whose queue is missing."""
    services = list(services)
    connection = connect(broker_url)
    try:
        channel = connection.channel()
        for service in services:
            declare(channel, service.name, service.subscriptions)
        limits = {"x-queue-type": "quorum", "x-max-length": 10_000, "x-overflow": "drop-head"}
        channel.queue_declare(UNHEARD, durable=True, auto_delete=False, arguments=limits)
        heard = {contract.type_name() for service in services for contract in service.subscriptions}
        for type_name in CONTRACTS:
            for bulk in (False, True):
                key = routing_key(type_name, bulk=bulk)
                if type_name in heard:
                    channel.queue_unbind(UNHEARD, EXCHANGE, key)
                else:
                    channel.queue_bind(UNHEARD, EXCHANGE, key)
    finally:
        close(connection)
