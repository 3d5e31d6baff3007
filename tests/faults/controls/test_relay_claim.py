"""Two relays of one service: each message is claimed by one of them (`FOR UPDATE SKIP LOCKED`)."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from shared.bus.relay import relay_once
from shared.messages import Envelope
from shared.outbox import Lane
from tests.conformance.buses import Bus
from tests.conformance.sample import created

MESSAGES = 20


class Meeting:
    """A publisher that gives the other relay time to look at the outbox while this one holds its rows."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.holds = threading.Event()
        self.go_on = threading.Event()

    def publish(self, envelopes: Sequence[Envelope]) -> set[str]:
        self.seen += [envelope.id for envelope in envelopes]
        self.holds.set()
        assert self.go_on.wait(30)
        return {envelope.id for envelope in envelopes}

    def resting(self) -> Collection[Lane]:
        return ()

    def keep_alive(self) -> None:
        """There is no connection."""

    def close(self) -> None:
        """There is no connection."""


@pytest.mark.row("A20")
@pytest.mark.guard("skip-locked")
@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_lock_two_relays_send_the_same(
    postgres_bus: Bus, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    def unlocked(self: Any, **_: Any) -> Any:
        return self

    if not guarded:
        monkeypatch.setattr(sa.Select, "with_for_update", unlocked)
    postgres_bus.say(*[created() for _ in range(MESSAGES)])
    first, second = Meeting(), Meeting()
    second.go_on.set()
    relay = threading.Thread(target=relay_once, args=(postgres_bus.billing, first))
    relay.start()
    try:
        assert first.holds.wait(30)
        relay_once(postgres_bus.billing, second)
    finally:
        first.go_on.set()
        relay.join()
    assert len(first.seen) == MESSAGES
    assert second.seen == ([] if guarded else first.seen)
    assert postgres_bus.unsent() == 0
