"""What stands in the broker: one topic exchange, per service a queue for each lane, and a dead-letter queue.

tsudoi ──prompt.<type>──▶ <service>        ─┐ rejected or delivered
       ──bulk.<type>────▶ <service>.bulk   ─┴ too often ──▶ tsudoi.dead ──▶ <service>.dead
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from amqp.exceptions import AMQPError
from kombu import connection as kombu

from shared.messages import CONTRACTS, Message
from shared.service import Service

EXCHANGE = "tsudoi"
DEAD = "tsudoi.dead"
UNHEARD = "tsudoi.unheard"  # copies of what no service subscribes to, so that such a message counts as delivered
DELIVERY_LIMIT = 10
HEARTBEAT = 30  # seconds
TIMEOUT = 5.0  # seconds for connecting and for a write
ANSWER = 10.0  # seconds for an answer to whatever we ask the broker: a frozen node gives none, and keeps the line open

BROKER_ERRORS: tuple[type[Exception], ...] = (AMQPError, OSError, EOFError)


def connect(
    broker_url: str, *, on_blocked: Callable[[str], None] | None = None, on_unblocked: Callable[[], None] | None = None
) -> Any:
    """An open py-amqp connection. Raises one of BROKER_ERRORS.

    Several addresses, separated by `;`, are tried one after the other, beginning with any of them: so the nodes of a
    cluster share the work, and who is unlucky with a node that connects but does not answer soon tries another."""
    make: Any = kombu.Connection
    options = {
        "write_timeout": TIMEOUT,
        "read_timeout": ANSWER,
        "on_blocked": on_blocked,
        "on_unblocked": on_unblocked,
    }
    addresses = broker_url.split(";")
    random.shuffle(addresses)
    for number, address in enumerate(addresses, 1):
        known = make(address, heartbeat=HEARTBEAT, connect_timeout=TIMEOUT, transport_options=options)
        try:
            return known.transport.establish_connection()
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


def declare(channel: Any, service: str, subscriptions: Iterable[type[Message]]) -> None:
    """What a service needs, idempotently."""
    declare_exchange(channel)
    channel.exchange_declare(DEAD, "direct", durable=True, auto_delete=False)
    channel.queue_declare(dead_queue(service), durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    channel.queue_bind(dead_queue(service), DEAD, service)
    for bulk in (False, True):
        channel.queue_declare(
            queue_name(service, bulk=bulk),
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
        for contract in subscriptions:
            channel.queue_bind(queue_name(service, bulk=bulk), EXCHANGE, routing_key(contract.type_name(), bulk=bulk))


def declare_exchange(channel: Any) -> None:
    channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)


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
