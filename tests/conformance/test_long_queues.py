"""An outbox that has grown: drained in order by one relay in flat memory, and wholly by three that die and freeze."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psutil
import pytest
import sqlalchemy as sa

from shared import clock
from shared.bus.topology import EXCHANGE, close, connect, routing_key
from shared.messages import encode
from tests.conformance.buses import Bus, until
from tests.conformance.process import spawn
from tests.conformance.sample import changed
from tests.faults.score import Score

CHANGED = "billing.InvoiceChanged.v1"
AGGREGATES = 1_000
MEMORY = 200 * 2**20


def grow(bus: Bus, rows: int) -> None:
    """As many messages as a long outage leaves behind: revision after revision of the same invoices."""
    template = changed(revision=777)
    payload = encode(template).replace(template.invoice.id, "{id}").replace("777", "{revision}")
    statement = """INSERT INTO outbox (id, type, society, payload, bulk, correlation, said_at)
        SELECT CAST(lpad(to_hex(n), 32, '0') AS uuid), :type, :society,
            replace(replace(:payload, '{id}', CAST(md5(CAST(n % :aggregates AS text)) AS uuid) :: text),
                '{revision}', CAST(n / :aggregates + 1 AS text)),
            true, lpad(to_hex(n), 32, '0'), :now
        FROM generate_series(1, :rows) n"""
    told = {"type": CHANGED, "society": bus.society, "payload": payload, "now": clock.now()}
    with bus.billing.session() as session:
        session.execute(sa.text(statement), {**told, "rows": rows, "aggregates": AGGREGATES})


@dataclass
class Ear:
    """Everything that reaches a queue of its own: how often each id came, and the newest revision of each invoice."""

    seen: dict[str, int] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    disorder: int = 0

    def hear(self, message: Any) -> None:
        id = message.properties["message_id"]
        self.seen[id] = self.seen.get(id, 0) + 1
        invoice = msgspec.json.decode(message.body)["invoice"]
        if self.seen[id] == 1:
            self.disorder += invoice["revision"] < self.newest.get(invoice["id"], 0)
            self.newest[invoice["id"]] = max(invoice["revision"], self.newest.get(invoice["id"], 0))


@contextmanager
def listening(bus: Bus) -> Iterator[Ear]:
    bus.declare()
    ear, stop = Ear(), threading.Event()
    connection = connect(bus.broker_url)
    channel = connection.channel()
    channel.auto_decode = False
    channel.queue_declare("ear", durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
    channel.queue_bind("ear", EXCHANGE, routing_key(CHANGED, bulk=True))
    for lane in ("notifications", "notifications.bulk"):
        channel.queue_unbind(lane, EXCHANGE, routing_key(CHANGED, bulk=True))
    channel.basic_qos(0, 1000, False)

    def run() -> None:
        channel.basic_consume("ear", callback=take)
        while not stop.is_set():
            try:
                connection.drain_events(timeout=0.5)
            except TimeoutError:
                connection.heartbeat_tick()

    def take(message: Any) -> None:
        ear.hear(message)
        if len(ear.seen) % 100 == 0 or message.delivery_tag % 100 == 0:
            channel.basic_ack(message.delivery_tag, multiple=True)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ear
    finally:
        stop.set()
        thread.join(30)
        close(connection)


def _drained(bus: Bus, ear: Ear, rows: int) -> Callable[[], bool]:
    return lambda: len(ear.seen) >= rows and bus.unsent() == 0


@pytest.mark.row("A1")
@pytest.mark.row("A20")
def test_what_an_outage_leaves_behind_is_told_in_order_in_flat_memory(
    rabbit: Bus, score: Score, campaign: bool
) -> None:
    """An hour at 280 messages a second in the campaign."""
    rows = 1_000_000 if campaign else 5_000
    grow(rabbit, rows)
    score.injected()
    with listening(rabbit) as ear:
        relay = spawn("relay", rabbit)
        try:
            highest = 0
            process, drained = psutil.Process(relay.pid), _drained(rabbit, ear, rows)

            def finished() -> bool:
                nonlocal highest
                highest = max(highest, process.memory_info().rss)
                time.sleep(0.2 if campaign else 0)
                return drained()

            with score.recovering():
                until(finished, seconds=1500)
        finally:
            relay.terminate()
            relay.wait(30)
    print(f"{rows} messages, at most {highest / 2**20:.0f} MiB")
    assert highest < MEMORY
    assert ear.disorder == 0
    assert set(ear.newest.values()) == {rows // AGGREGATES, rows // AGGREGATES + 1}
    score.count(lost=rows - len(ear.seen), doubled=sum(ear.seen.values()) - len(ear.seen))


@pytest.mark.row("A20")
def test_three_relays_that_die_and_freeze_lose_nothing_between_them(
    rabbit: Bus, score: Score, seed: int, campaign: bool
) -> None:
    """What they repeat has its old id. Order is kept within each; across them, the newest revision decides."""
    rows, faults = (300_000, 40) if campaign else (5_000, 3)
    chance = random.Random(seed)
    grow(rabbit, rows)
    with listening(rabbit) as ear:
        relays = [spawn("relay", rabbit) for _ in range(3)]
        frozen: set[int] = set()
        try:
            for number in range(faults):
                until(lambda: len(ear.seen) > rows * number // (faults + 1), seconds=300)  # noqa: B023
                place = chance.randrange(3)
                _thaw(relays, frozen)
                if number % 2:
                    os.kill(relays[place].pid, signal.SIGSTOP)
                    frozen.add(place)
                else:
                    relays[place].kill()
                    relays[place].wait()
                    relays[place] = spawn("relay", rabbit)
                score.injected()
            _thaw(relays, frozen)
            with score.recovering():
                until(_drained(rabbit, ear, rows), seconds=900)
        finally:
            for relay in relays:
                relay.kill()
                relay.wait()
    print(f"{sum(ear.seen.values()) - rows} repeated")
    assert set(ear.newest.values()) == {rows // AGGREGATES, rows // AGGREGATES + 1}
    score.count(lost=rows - len(ear.seen), doubled=0)


def _thaw(relays: list[Any], frozen: set[int]) -> None:
    for place in frozen:
        os.kill(relays[place].pid, signal.SIGCONT)
    frozen.clear()
