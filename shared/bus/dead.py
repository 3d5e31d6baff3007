"""The dead-letter queue of a service: what could not be read. After a fix, its messages go back to their queues."""

from __future__ import annotations

from typing import Any

import amqp

from shared.bus.topology import close, connect, dead_queue, queue_name

_KEPT = ("content_type", "content_encoding", "delivery_mode", "message_id")


def replay_dead(broker_url: str, service: str) -> int:
    """Move all that is there now back to the service's queues. Returns how many; a failure half-way loses none.

    The inbox decides whether a message still has an effect; what still cannot be read comes back."""
    connection = connect(broker_url)
    try:
        channel = connection.channel()
        channel.auto_decode = False
        confirmed: Any = connection.channel()
        count = channel.queue_declare(dead_queue(service), passive=True).message_count
        for number in range(count):
            message = channel.basic_get(dead_queue(service))
            if message is None:
                return number
            headers = dict(message.properties.get("application_headers") or {})
            first = (headers.pop("x-death", None) or [{}])[0]
            bulk = any(str(key).startswith("bulk.") for key in first.get("routing-keys", ()))
            kept = {name: message.properties[name] for name in _KEPT if name in message.properties}
            again = amqp.Message(message.body, application_headers=headers, **kept)
            queue = queue_name(service, bulk=bulk)
            confirmed.basic_publish_confirm(again, exchange="", routing_key=queue, mandatory=True, confirm_timeout=5)
            channel.basic_ack(message.delivery_tag)
        return int(count)
    finally:
        close(connection)
