"""What every message is: a frozen struct with a type name, and the envelope that carries it.

A message is a fact in the past tense. It carries the full public state of its aggregate and its revision, so that
consumers need no order: the newest revision wins. Fields are only ever added, and only optional ones; a breaking change
is a `.v2` published beside `.v1` for one release.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self, dataclass_transform

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

    HEADERS: ClassVar[tuple[str, ...]] = ("id", "type", "source", "society", "correlation", "causation", "traceparent")

    def headers(self) -> dict[str, Any]:
        """AMQP headers by CloudEvents' AMQP binding (`cloudEvents:` prefix)."""
        found = {f"cloudEvents:{name}": getattr(self, name) for name in self.HEADERS}
        found["cloudEvents:specversion"] = "1.0"
        found["cloudEvents:time"] = self.time.isoformat()
        return {name: value for name, value in found.items() if value is not None}

    @classmethod
    def from_headers(cls, headers: dict[str, Any], payload: str, *, bulk: bool) -> Self:
        """Raises KeyError, ValueError or TypeError if an attribute is missing or malformed."""
        values: dict[str, Any] = {name: headers.get(f"cloudEvents:{name}") for name in cls.HEADERS}
        for needed in ("id", "type", "source", "correlation"):
            if not isinstance(values[needed], str):
                raise ValueError(f"header cloudEvents:{needed} is missing")
        time = datetime.fromisoformat(headers["cloudEvents:time"])
        return cls(**values, time=time, payload=payload, bulk=bulk)


_encoder = msgspec.json.Encoder()


def encode(message: Message) -> str:
    """The payload: JSON text, self-describing by its `type`."""
    return _encoder.encode(message).decode()
