"""A broker in one's hand: what a relay published lies in its subscribers' queues, durable, until the test lets some of
it arrive, in any order and as often as it likes. Reading, storing and handling are the consumer's own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from shared import crash
from shared.bus import inbox
from shared.bus.arrival import read
from shared.bus.topology import EXCHANGE, routing_key
from shared.messages import Envelope
from shared.outbox import Lane
from shared.service import RunningService


@dataclass
class Lying:
    """One message in one subscriber's queue."""

    envelope: Envelope
    delivered_before: bool = False


class Queues:
    """A publisher for relays (`publish`), and the consumers' side (`arrive`)."""

    def __init__(self, services: Sequence[RunningService]) -> None:
        self._types = {
            running: frozenset(contract.type_name() for contract in running.service.subscriptions)
            for running in services
        }
        self.lying: dict[RunningService, list[Lying]] = {running: [] for running in services}

    def empty(self) -> None:
        for queue in self.lying.values():
            queue.clear()

    def publish(self, envelopes: Sequence[Envelope]) -> set[str]:
        for running, types in self._types.items():
            self.lying[running] += [Lying(e) for e in envelopes if e.type in types]
        return {e.id for e in envelopes}

    def resting(self) -> Collection[Lane]:
        return ()

    def keep_alive(self) -> None:
        """There is no connection."""

    def close(self) -> None:
        """There is no connection."""

    def arrive(self, running: RunningService, chosen: Sequence[Lying], *, keep: bool = False) -> None:
        """One batch as the consumer takes it: read, stored with its effects in one transaction, then acked.

        With `keep` the acks get lost, and all of it comes again."""
        crash.point("received")
        batch = [(lying, self._read(running, lying)) for lying in chosen]
        again = [envelope for lying, envelope in batch if lying.delivered_before]
        fresh = [envelope for lying, envelope in batch if not lying.delivered_before]
        for lying in chosen:
            lying.delivered_before = True  # whatever becomes of it: the broker has noted it
        crash.point("decoded")
        if again:
            inbox.store(running, again)
        if fresh:
            inbox.receive(running, fresh)
        crash.point("commit")
        if not keep:
            self.lying[running] = [lying for lying in self.lying[running] if lying not in chosen]
        crash.point("ack")

    def _read(self, running: RunningService, lying: Lying) -> Envelope:
        envelope = lying.envelope
        message = SimpleNamespace(
            body=envelope.payload,
            properties={"application_headers": envelope.headers()},
            delivery_info={"exchange": EXCHANGE, "routing_key": routing_key(envelope.type, bulk=envelope.bulk)},
        )
        return read(message, bulk=envelope.bulk, subscribed=self._types[running])
