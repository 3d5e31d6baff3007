"""The dead-letter queue of a service: what could not be read. After a fix, its messages go back to their queues."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import amqp
import structlog

from shared import audit
from shared.bus.replay import FASTEST, RateImpossible, ReasonNeeded
from shared.bus.topology import BROKER_ERRORS, again_exchange, close, connect, dead_queue, queue_name
from shared.identity import Actor
from shared.service import RunningService

log = structlog.get_logger()

_KEPT = ("content_type", "content_encoding", "delivery_mode", "message_id")


def count_dead(broker_url: str, service: str) -> int | None:
    """How many there are; None when nobody can tell: no broker, or it does not answer, or has no such queue."""
    if not broker_url:
        return None
    try:
        connection = connect(broker_url)
    except BROKER_ERRORS:
        return None
    try:
        return int(connection.channel().queue_declare(dead_queue(service), passive=True).message_count)
    except BROKER_ERRORS:
        return None
    finally:
        close(connection)


def replay_dead_letters(running: RunningService, *, reason: str, actor: Actor, rate: float | None = None) -> int:
    """The same as `replay_dead`, recorded in the audit trail of each society that a letter names.

    Raises ReasonNeeded, RateImpossible, one of BROKER_ERRORS."""
    if not reason.strip():
        raise ReasonNeeded
    if rate is not None and not 0 < rate <= FASTEST:
        raise RateImpossible
    if not running.settings.broker:
        raise ValueError("without a broker there are no dead letters (TSUDOI_BROKER is not set)")
    societies: Counter[str] = Counter()
    try:
        return replay_dead(running.settings.broker, running.name, rate=rate, societies=societies)
    finally:  # what went back before the broker was lost is recorded, too
        log.info("replay-dead-letters", service=running.name, actor=actor.name, reason=reason, societies=societies)
        for society in sorted(societies.keys() & set(running.societies())):
            with running.unit(society, actor=actor) as uow:
                after = {"count": societies[society], "reason": reason}
                audit.record(uow, "replay-dead-letters", f"queue/{dead_queue(running.name)}", after=after)


def replay_dead(
    broker_url: str, service: str, *, rate: float | None = None, societies: Counter[str] | None = None
) -> int:
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
            queue = queue_name(service, bulk=first.get("queue") == queue_name(service, bulk=True))
            kept = {name: message.properties[name] for name in _KEPT if name in message.properties}
            again = amqp.Message(message.body, application_headers=headers, **kept)
            exchange = again_exchange(service)
            confirmed.basic_publish_confirm(again, exchange, queue, mandatory=True, confirm_timeout=5)
            channel.basic_ack(message.delivery_tag)
            if societies is not None:
                societies[str(headers.get("cloudEvents:society"))] += 1
            if rate:
                time.sleep(1 / rate)
        return int(count)
    finally:
        close(connection)
