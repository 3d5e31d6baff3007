"""Reading a message that the broker delivered. What cannot be read goes to the dead-letter queue, never away."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from typing import Annotated, Any

import msgspec

from shared.bus.topology import EXCHANGE, routing_key
from shared.messages import CONTRACTS, Envelope, decode_payload

Uuid = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
Text = Annotated[str, msgspec.Meta(max_length=500, pattern=r"\A[^\x00]*\Z")]


class Attributes(msgspec.Struct, rename=lambda name: f"cloudEvents:{name}"):
    """All that the inbox's columns demand, so that one malformed header cannot spoil the batch of its neighbours."""

    id: Uuid
    type: Text
    source: Text
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    correlation: Text
    society: Uuid | None = None
    causation: Text | None = None
    traceparent: Text | None = None


class Undecodable(Exception):
    """Not a message of ours, or not of this release."""


def read(message: Any, *, bulk: bool, subscribed: Container[str]) -> Envelope:
    """The envelope of a delivered message, its payload checked against its contract. Raises Undecodable."""
    try:
        body = message.body
        payload = body if isinstance(body, str) else body.decode("utf-8")
        found = msgspec.convert(message.properties.get("application_headers") or {}, Attributes)
        if found.type not in CONTRACTS or found.type not in subscribed:
            raise Undecodable(f"this release does not subscribe to {found.type!r}")
        told = message.delivery_info
        # the broker lets each service send under its own routing keys only: they alone tell who speaks
        if told["exchange"] == EXCHANGE and told["routing_key"] != routing_key(found.type, bulk=bulk):
            raise Undecodable(f"{found.type} was sent as another message")
        return Envelope(
            id=found.id,
            type=found.type,
            source=found.source,
            time=found.time,
            society=found.society,
            payload=payload,
            correlation=found.correlation,
            causation=found.causation,
            traceparent=found.traceparent,
            bulk=bulk,
            message=decode_payload(found.type, payload),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Undecodable(f"{type(error).__name__}: {error}") from error
