"""The relay against a database: no message is lost or marked too early, whoever else relays or dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence

import pytest
import sqlalchemy as sa

from shared.bus.relay import BusUnavailable, relay_once, run_relay
from shared.messages import Envelope
from shared.outbox import OutboxRow
from tests.conformance.buses import Bus, until
from tests.conformance.sample import changed, created


class Notebook:
    """A bus that notes what it was given; confirms what it is told to."""

    def __init__(self, refuse: Collection[str] = ()) -> None:
        self.refuse = refuse
        self.seen: list[str] = []
        self.trouble: BusUnavailable | None = None

    def publish(self, envelopes: Sequence[Envelope]) -> set[str]:
        ids = [envelope.id for envelope in envelopes if envelope.type not in self.refuse]
        self.seen += ids
        time.sleep(0.001 * len(ids))  # as long as a real bus: relays that run beside each other do overlap
        if self.trouble is not None:
            raise self.trouble
        return set(ids)

    def resting(self) -> Collection[tuple[bool, str]]:
        return [(bulk, type_name) for type_name in self.refuse for bulk in (False, True)]

    def keep_alive(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def test_only_confirmed_messages_are_marked(bus: Bus) -> None:
    ids = bus.say(*[created() for _ in range(10)])
    publisher = Notebook()
    publisher.trouble = BusUnavailable("went away", ids[:4])
    with pytest.raises(BusUnavailable):
        relay_once(bus.billing, publisher)
    assert bus.unsent() == 6
    publisher.trouble, publisher.seen = None, []
    assert relay_once(bus.billing, publisher) == 6
    assert publisher.seen == ids[4:]


def test_what_rests_does_not_block_the_rest(sqlite_bus: Bus) -> None:
    sqlite_bus.say(*[created() for _ in range(50)])
    others = sqlite_bus.say(*[changed() for _ in range(50)])
    publisher = Notebook(refuse=["billing.InvoiceCreated.v1"])
    assert relay_once(sqlite_bus.billing, publisher, limit=10) == 10
    while relay_once(sqlite_bus.billing, publisher, limit=10):
        pass
    assert publisher.seen == others
    assert sqlite_bus.unsent() == 50


@pytest.mark.row("A20")
def test_two_relays_send_nothing_twice(postgres_bus: Bus) -> None:
    ids = postgres_bus.say(*[created() for _ in range(1000)])
    books = [Notebook(), Notebook()]

    def drain(book: Notebook) -> None:
        while relay_once(postgres_bus.billing, book, limit=50):
            pass

    threads = [threading.Thread(target=drain, args=(book,)) for book in books]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(books[0].seen + books[1].seen) == sorted(ids)
    assert books[0].seen
    assert books[1].seen


@pytest.mark.row("A20")
@pytest.mark.guard("claim-by-state")
@pytest.mark.parametrize("method", ["claim", "after the last seen id"])
def test_a_message_committed_late_is_sent_all_the_same(postgres_bus: Bus, method: str) -> None:
    """The control shows that reading "id greater than the last seen" loses such a message."""
    running = postgres_bus.billing
    last_seen = "00000000-0000-0000-0000-000000000000"
    seen: list[str] = []

    def take() -> None:
        nonlocal last_seen
        if method == "claim":
            book = Notebook()
            relay_once(running, book)
            seen.extend(book.seen)
            return
        with running.session(reading=True) as session:
            ids = list(session.scalars(sa.select(OutboxRow.id).where(OutboxRow.id > last_seen).order_by(OutboxRow.id)))
        seen.extend(ids)
        last_seen = ids[-1] if ids else last_seen

    with running.unit(postgres_bus.society) as slow:
        slow.say(created())  # draws its id now, commits last
        time.sleep(0.005)
        early = postgres_bus.say(created())
        take()
        assert seen == early
    take()
    assert len(seen) == (2 if method == "claim" else 1)


def test_a_commit_in_another_process_wakes_the_relay_at_once(postgres_bus: Bus) -> None:
    """By LISTEN: the polling interval is far longer than what is measured."""
    stop = threading.Event()
    book = Notebook()
    elsewhere = type(postgres_bus.billing)(postgres_bus.billing.service, postgres_bus.billing.settings)
    relay = threading.Thread(target=run_relay, args=(postgres_bus.billing, book, stop))
    relay.start()
    try:
        with elsewhere.unit(postgres_bus.society) as uow:
            uow.say(created())
        until(lambda: book.seen)
        delays = []
        for number in range(2, 8):
            started = time.monotonic()
            with elsewhere.unit(postgres_bus.society) as uow:
                uow.say(created())
            until(lambda: len(book.seen) == number)  # noqa: B023
            delays.append(time.monotonic() - started)
        assert sorted(delays)[2] < 0.3, delays
    finally:
        stop.set()
        relay.join()
        elsewhere.stop()
