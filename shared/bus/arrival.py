"""Reading a message that the broker delivered. What cannot be read goes to the dead-letter queue, never away."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from shared.messages import CONTRACTS, Envelope, decode

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST_ATTRIBUTE = 500


class Undecodable(Exception):
    """Not a message of ours, or not of this release."""


def read(message: Any, *, bulk: bool, subscribed: Container[str]) -> Envelope:
    """The envelope of a delivered message, its payload checked against its contract. Raises Undecodable."""
    try:
        body = message.body
        payload = body if isinstance(body, str) else bytes(body).decode("utf-8")
        envelope = Envelope.from_headers(dict(message.properties.get("application_headers") or {}), payload, bulk=bulk)
        _check_attributes(envelope)
        if envelope.type not in CONTRACTS or envelope.type not in subscribed:
            raise Undecodable(f"this release does not subscribe to {envelope.type!r}")
        decode(envelope)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Undecodable(f"{type(error).__name__}: {error}") from error
    return envelope


def _check_attributes(envelope: Envelope) -> None:
    """All that the inbox's columns demand, so that one malformed header cannot spoil the batch of its neighbours."""
    if not _UUID.fullmatch(envelope.id):
        raise ValueError("id is not a UUID")
    if envelope.society is not None and not (isinstance(envelope.society, str) and _UUID.fullmatch(envelope.society)):
        raise ValueError("society is not a UUID")
    if envelope.time.tzinfo is None:
        raise ValueError("time without a zone")
    texts = (envelope.type, envelope.source, envelope.correlation, envelope.causation, envelope.traceparent)
    for text in texts:
        if text is not None and not (isinstance(text, str) and len(text) <= _LONGEST_ATTRIBUTE and "\x00" not in text):
            raise ValueError("an attribute is malformed")
