"""A broker that is killed, starved, frozen, impatient or incomplete."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import amqp
import psutil
import pytest
import sqlalchemy as sa

from deploy.stack.rabbit import Rabbit
from shared import observe
from shared.bus import consumer, topology
from shared.bus.consumer import LONGEST_PAUSE
from shared.bus.rabbit import CONFIRM_TIMEOUT, RabbitPublisher
from shared.bus.relay import BusUnavailable, relay_once
from shared.bus.topology import DEAD, EXCHANGE, TIMEOUT, close, connect, dead_queue, queue_name, routing_key
from shared.db import make_engine
from tests.conformance import conftest as suite
from tests.conformance import sample
from tests.conformance.buses import Bus, until
from tests.conformance.own_broker import tune
from tests.conformance.sample import created
from tests.faults.score import Score
from tests.servers.plugin import FreshDatabase, FreshVhost
from tests.servers.proxy import Proxy

pytestmark = pytest.mark.slow

CREATED = "billing.InvoiceCreated.v1"
BEAT = 2  # seconds
GRACE = 5.0  # seconds that a busy machine may take beside


@pytest.mark.row("A1")
@pytest.mark.row("A2")
def test_a_broker_killed_under_load_loses_and_repeats_nothing(own_bus: Bus, own_rabbit: Rabbit) -> None:
    own_bus.start()
    ids = own_bus.say(*[created() for _ in range(1000)], bulk=True)
    until(lambda: own_bus.effects())
    own_rabbit.kill()
    ids += own_bus.say(*[created() for _ in range(200)])  # the database covers for the broker
    own_rabbit.start()
    until(lambda: own_bus.all_handled(ids), seconds=90)
    assert len(own_bus.effects()) == 1200
    assert set(own_bus.effects().values()) == {1}
    until(lambda: own_bus.unsent() == 0)


@pytest.mark.row("A4")
def test_a_broker_that_blocks_publishers_is_noticed_and_nothing_is_taken_for_sent(
    own_bus: Bus, own_rabbit: Rabbit
) -> None:
    own_bus.declare()
    publisher = RabbitPublisher(own_bus.broker_url)
    own_rabbit.control("set_vm_memory_high_watermark", "0.00001")
    try:
        ids = own_bus.say(*[created() for _ in range(200)])
        started = time.monotonic()
        with pytest.raises(BusUnavailable):
            relay_once(own_bus.billing, publisher)
        assert time.monotonic() - started < 8
        assert own_bus.unsent() == 200
        assert observe.BROKER_BLOCKED._value.get() == 1
    finally:
        own_rabbit.control("set_vm_memory_high_watermark", "0.4")
    publisher.close()
    own_bus.start()
    until(lambda: own_bus.all_handled(ids))
    assert observe.BROKER_BLOCKED._value.get() == 0
    assert set(own_bus.effects().values()) == {1}


@pytest.mark.row("A13")
def test_a_handler_that_takes_longer_than_the_broker_waits_has_one_effect(
    own_bus: Bus, own_rabbit: Rabbit, score: Score, campaign: bool
) -> None:
    """The broker closes the channel (406) and delivers again; the inbox knows the message."""
    patience, takes = (10.0, 15.0) if campaign else (1.0, 3.0)
    tune(own_rabbit, consumer_timeout=int(patience * 1000), channel_tick_interval=500)
    restarts = observe.CONSUMER_RESTARTS.labels("notifications", "prompt")._value
    try:
        before = restarts.get()
        own_bus.start()
        [slow, *others] = own_bus.say(created(f"work {takes}"), *[created() for _ in range(20)])
        score.injected()
        until(lambda: own_bus.all_handled([slow, *others]), seconds=60)
        with score.recovering():
            until(lambda: restarts.get() > before, seconds=60)
            after = own_bus.say(*[created() for _ in range(20)])
            until(lambda: own_bus.all_handled(after), seconds=60)
        score.count(lost=41 - len(own_bus.effects()), doubled=sum(own_bus.effects().values()) - 41)
        row = own_bus.row(slow)
        assert row is not None and row.attempts == 0
    finally:
        tune(own_rabbit, consumer_timeout=1_800_000, channel_tick_interval=60_000)


@pytest.fixture
def lively(own_rabbit: Rabbit) -> Iterator[float]:
    """Heartbeats every so many seconds: the shorter of what the broker and its client want."""
    tune(own_rabbit, heartbeat=BEAT)
    yield float(BEAT)
    tune(own_rabbit, heartbeat=60)


@pytest.mark.row("A14")
@pytest.mark.parametrize("seconds", [3, pytest.param(30, marks=pytest.mark.campaign)])
def test_a_frozen_broker_is_left_and_found_again(
    own_bus: Bus, own_rabbit: Rabbit, lively: float, score: Score, seconds: int
) -> None:
    """Shorter than two heartbeats, and so long that everybody has given it up."""
    own_bus.start()
    ids = own_bus.say(*[created() for _ in range(50)])
    until(lambda: own_bus.all_handled(ids))
    beam = _beam(own_rabbit)
    beam.suspend()
    try:
        score.injected()
        ids += own_bus.say(*[created() for _ in range(50)])
        time.sleep(seconds)  # what is put to the test is that nothing happens for so long
        assert not own_bus.all_handled(ids)
    finally:
        beam.resume()
    with score.recovering():
        until(lambda: own_bus.all_handled(ids), seconds=60)
    assert score.recovery[-1] <= 2 * lively + LONGEST_PAUSE + GRACE
    score.count(lost=100 - len(own_bus.effects()), doubled=sum(own_bus.effects().values()) - 100)


def _beam(rabbit: Rabbit) -> psutil.Process:
    """The node itself, beneath the script that starts it."""
    for each in psutil.Process(rabbit.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # the script's short helpers come and go
            if each.name().startswith("beam"):
                return each
    raise AssertionError("the broker does not run")


@pytest.mark.row("A14")
def test_a_line_that_swallows_both_ways_is_left_within_two_heartbeats(
    own_bus: Bus, lively: float, score: Score
) -> None:
    """Half-open: no end of it ever comes. There is a second way to the broker, which nobody has taken yet."""
    with Proxy.before(own_bus.broker_url) as proxy:
        own_bus.broker_url = f"{proxy.through(own_bus.broker_url)};{own_bus.broker_url}"
        own_bus.start()
        ids = own_bus.say(*[created() for _ in range(50)])
        until(lambda: own_bus.all_handled(ids))
        proxy.requests.swallow = proxy.replies.swallow = True
        score.injected()
        with score.recovering():
            ids += own_bus.say(*[created() for _ in range(50)])
            until(lambda: own_bus.all_handled(ids), seconds=60)
        own_bus.stop()
    assert score.recovery[-1] <= 2 * lively + TIMEOUT + GRACE
    score.count(lost=100 - len(own_bus.effects()), doubled=sum(own_bus.effects().values()) - 100)


@pytest.mark.row("A14")
@pytest.mark.parametrize("whom", ["consumer", "relay"])
def test_a_broker_that_stops_in_the_middle_of_a_frame_is_left_within_two_heartbeats(
    own_bus: Bus, lively: float, score: Score, whom: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads has half of something in hand, and must neither wait for ever nor ask at full speed."""
    monkeypatch.setattr(topology, "random", SimpleNamespace(shuffle=lambda addresses: None))
    straight = own_bus.broker_url
    with Proxy.before(straight) as proxy:
        own_bus.start(relays=whom != "relay", workers=whom != "consumer")
        own_bus.broker_url = f"{proxy.through(straight)};{straight}"
        own_bus.start(relays=whom == "relay", workers=whom == "consumer")
        ids = own_bus.say(created())
        until(lambda: own_bus.all_handled(ids))
        assert proxy.connections
        proxy.refuse = True
        proxy.replies.room = 60_003 if whom == "consumer" else 9
        before = time.process_time()
        score.injected()
        with score.recovering():
            ids += own_bus.say(*[created("long " * 4_000) for _ in range(20)])
            until(lambda: own_bus.all_handled(ids) and not own_bus.unsent(), seconds=60)
        busy = time.process_time() - before
        assert proxy.replies.room == 0
        own_bus.stop()
    assert score.recovery[-1] <= 2 * lively + CONFIRM_TIMEOUT + TIMEOUT + GRACE
    assert busy < score.recovery[-1] / 2
    score.count(lost=21 - len(own_bus.effects()), doubled=sum(own_bus.effects().values()) - 21)


@pytest.mark.row("A12")
def test_tables_that_are_gone_for_a_while_make_no_dead_letters(
    fresh_database: FreshDatabase, fresh_vhost: FreshVhost, score: Score
) -> None:
    """As a database that is being restored, or rights that were taken: the batch in hand is kept, no more is taken."""
    databases = {service.name: fresh_database(service.name) for service in suite.SERVICES}
    for database in databases.values():
        sample.make_tables(database.owner_url)
    owner = databases["notifications"].owner_url
    with suite.running_bus("rabbit", {name: db.app_url for name, db in databases.items()}, fresh_vhost()) as rabbit:
        rabbit.start()
        ids = rabbit.say(*[created() for _ in range(10)])
        until(lambda: rabbit.all_handled(ids))
        pauses = observe.DATABASE_PAUSES.labels("notifications")._value
        before = pauses.get()
        _rename(owner, "inbox", "inbox_away")
        score.injected()
        ids += rabbit.say(*[created() for _ in range(50)])
        until(lambda: pauses.get() >= before + 5)
        _rename(owner, "inbox_away", "inbox")
        with score.recovering():
            until(lambda: rabbit.all_handled(ids))
        channel = connect(rabbit.broker_url).channel()
        assert channel.queue_declare(dead_queue("notifications"), passive=True).message_count == 0
        close(channel.connection)
        score.count(lost=60 - len(rabbit.effects()), doubled=sum(rabbit.effects().values()) - 60)


def _rename(owner_url: str, table: str, to: str) -> None:
    engine = make_engine(owner_url, pool_size=1)
    with engine.begin() as connection:
        connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {to}"))
    engine.dispose()


@pytest.mark.row("A16")
def test_a_consumer_that_was_forgotten_in_silence_connects_anew(
    own_bus: Bus, score: Score, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its queue is deleted and made anew at once: connected, subscribed, beating, and idle for ever."""
    monkeypatch.setattr(consumer, "QUIET", 2.0)
    monkeypatch.setattr(amqp.Connection, "negotiate_capabilities", {"consumer_cancel_notify": False})
    own_bus.start()
    ids = own_bus.say(created())
    until(lambda: own_bus.all_handled(ids))
    connection = connect(own_bus.broker_url)
    connection.channel().queue_delete(queue_name("notifications", bulk=False))
    close(connection)
    own_bus.declare()
    score.injected()
    with score.recovering():
        ids += own_bus.say(*[created() for _ in range(20)])
        until(lambda: own_bus.all_handled(ids), seconds=120)
    score.count(lost=21 - len(own_bus.effects()), doubled=sum(own_bus.effects().values()) - 21)


@pytest.mark.campaign
@pytest.mark.row("A17")
def test_dead_letters_without_a_way_to_their_queue_wait_where_they_are(
    own_bus: Bus, score: Score, campaign: bool
) -> None:
    count = 500 if campaign else 20
    own_bus.start()
    good = own_bus.say(created())
    until(lambda: own_bus.all_handled(good))
    connection = connect(own_bus.broker_url)
    channel: Any = connection.channel()
    dead, queue = dead_queue("notifications"), queue_name("notifications", bulk=False)
    channel.queue_purge(dead)
    channel.queue_unbind(dead, DEAD, "notifications")
    score.injected()
    for _ in range(count):
        channel.basic_publish(amqp.Message("{", delivery_mode=2), EXCHANGE, routing_key(CREATED, bulk=False))
    good += own_bus.say(*[created() for _ in range(20)])
    until(lambda: own_bus.all_handled(good))
    assert channel.queue_declare(dead, passive=True).message_count == 0
    channel.queue_bind(dead, DEAD, "notifications")
    with score.recovering():
        # the broker tries again what had no way when its own time-out for confirms has passed: three minutes
        until(lambda: channel.queue_declare(dead, passive=True).message_count == count, seconds=400)
    assert channel.queue_declare(queue, passive=True).message_count == 0
    close(connection)
    score.count(lost=21 - len(own_bus.effects()), doubled=sum(own_bus.effects().values()) - 21)
