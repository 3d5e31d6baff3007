"""The broker as seen from outside: how many wait, what is in the dead-letter queues, and messages put in by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import amqp

from shared.bus.topology import EXCHANGE, close, connect, dead_queue, queue_name, routing_key
from shared.cli import SERVICES


@contextmanager
def channel(broker_url: str) -> Iterator[Any]:
    connection = connect(broker_url)
    try:
        yield connection.channel()
    finally:
        close(connection)


def waiting(broker_url: str) -> dict[str, int]:
    """Messages in each queue of each service that nobody has taken yet; empty queues are left out (I14)."""
    queues = [queue_name(name, bulk=bulk) for name in SERVICES for bulk in (False, True)]
    return _depths(broker_url, queues)


def dead(broker_url: str) -> dict[str, set[str]]:
    """Ids of the messages in the dead-letter queue of each service; they stay there."""
    found: dict[str, set[str]] = {}
    depths = _depths(broker_url, [dead_queue(name) for name in SERVICES])
    with channel(broker_url) as each:
        for name in SERVICES:
            count = depths.get(dead_queue(name), 0)
            messages = [each.basic_get(dead_queue(name)) for _ in range(count)]
            found[name] = {str(m.properties.get("message_id")) for m in messages if m}  # given back when we hang up
    return found


def empty_dead(broker_url: str, service: str) -> int:
    with channel(broker_url) as each:
        return int(each.queue_purge(dead_queue(service)))


def put(
    broker_url: str, type_name: str, body: bytes | str, headers: Mapping[str, Any], *, id: str, content_type: str
) -> None:
    """Publish whatever it is to the prompt lane, and wait until the broker has it."""
    with channel(broker_url) as each:
        message = amqp.Message(
            body, message_id=id, content_type=content_type, delivery_mode=2, application_headers=dict(headers)
        )
        key = routing_key(type_name, bulk=False)
        each.basic_publish_confirm(message, EXCHANGE, key, mandatory=True, confirm_timeout=10)


def _depths(broker_url: str, queues: list[str]) -> dict[str, int]:
    with channel(broker_url) as each:
        depths = {queue: int(each.queue_declare(queue, passive=True).message_count) for queue in queues}
    return {queue: depth for queue, depth in depths.items() if depth}
