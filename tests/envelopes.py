"""A message as if its publisher had just said it."""

from __future__ import annotations

from shared import clock
from shared.ids import new_id
from shared.messages import Envelope, Message, encode


def envelope(message: Message, society: str) -> Envelope:
    id = new_id()
    return Envelope(
        id=id,
        type=message.type_name(),
        source=f"/{message.publisher()}",
        time=clock.now(),
        society=society,
        payload=encode(message),
        correlation=id,
    )
