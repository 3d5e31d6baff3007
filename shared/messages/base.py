"""What every message is: a frozen struct with a type name, and the envelope that carries it.

A message is a fact in the past tense. It carries the full public state of its aggregate and its revision, so that
consumers need no order: the newest revision wins. Fields are only ever added, and only optional ones; a breaking change
is a `.v2` published beside `.v1` for one release.
"""

from __future__ import annotations

from datetime import datetime
from typing import dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """Base of all messages. Subclasses name themselves: `class X(Message, tag="billing.X.v1")`."""

    @classmethod
    def type_name(cls) -> str:
        """`<publisher>.<Name>.v<major>`."""
        return str(cls.__struct_config__.tag)

    @classmethod
    def publisher(cls) -> str:
        return cls.type_name().split(".", 1)[0]


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the structs inside messages."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """CloudEvents attributes of one message, and its payload as JSON text.

    `bulk` messages travel in the lane that never delays a person's click."""

    id: str
    type: str
    source: str
    time: datetime
    society: str | None
    payload: str
    correlation: str
    causation: str | None = None
    traceparent: str | None = None
    bulk: bool = False
    message: Message | None = None  # the payload decoded, where that was done already

    def headers(self) -> dict[str, str]:
        """AMQP headers by CloudEvents' AMQP binding (`cloudEvents:` prefix)."""
        headers = {
            "cloudEvents:specversion": "1.0",
            "cloudEvents:id": self.id,
            "cloudEvents:type": self.type,
            "cloudEvents:source": self.source,
            "cloudEvents:time": self.time.isoformat(),
            "cloudEvents:correlation": self.correlation,
        }
        if self.society is not None:
            headers["cloudEvents:society"] = self.society
        if self.causation is not None:
            headers["cloudEvents:causation"] = self.causation
        if self.traceparent is not None:
            headers["cloudEvents:traceparent"] = self.traceparent
        return headers


_encoder = msgspec.json.Encoder()


def encode(message: Message) -> str:
    """The payload: JSON text, self-describing by its `type`."""
    return _encoder.encode(message).decode()
