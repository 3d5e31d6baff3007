"""What can only go wrong with a broker: late confirms, missing bindings, cut connections, unreadable messages."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import amqp
import psycopg
import pytest

from shared.bus import consumer, inbox
from shared.bus.consumer import BATCH_BESIDE_PEOPLE
from shared.bus.dead import replay_dead
from shared.bus.rabbit import RabbitPublisher
from shared.bus.relay import BusUnavailable, relay_once
from shared.bus.topology import EXCHANGE, close, connect, dead_queue, queue_name, routing_key
from shared.ids import new_id
from shared.messages import Envelope
from shared.outbox import OutboxRow
from shared.service import RunningService
from tests.conformance.buses import Bus, until
from tests.conformance.sample import changed, created
from tests.faults.score import Score
from tests.servers.postgres import PostgresServer
from tests.servers.proxy import Proxy

CREATED = "billing.InvoiceCreated.v1"
QUEUE = queue_name("notifications", bulk=False)


@pytest.fixture
def proxy(rabbit: Bus) -> Iterator[Proxy]:
    rabbit.declare()
    with Proxy.before(rabbit.broker_url) as proxy:
        yield proxy


def _channel(bus: Bus) -> Any:
    return connect(bus.broker_url).channel()


def _count(bus: Bus, queue: str) -> int:
    channel = _channel(bus)
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    finally:
        close(channel.connection)


def _bodies(bus: Bus, queue: str) -> list[str]:
    """Ids of the messages in a queue, which is emptied."""
    channel = _channel(bus)
    found = []
    while (message := channel.basic_get(queue, no_ack=True)) is not None:
        found.append(message.properties["message_id"])
    close(channel.connection)
    return found


def _as_message(envelope: Envelope) -> amqp.Message:
    return amqp.Message(
        envelope.payload, message_id=envelope.id, delivery_mode=2, application_headers=envelope.headers()
    )


@pytest.mark.row("A3")
def test_a_late_confirm_confirms_no_other_message(rabbit: Bus, proxy: Proxy) -> None:
    rabbit.say(created(), created(), created())
    warm_up, first, second = rabbit.envelopes()
    publisher = RabbitPublisher(proxy.through(rabbit.broker_url), confirm_timeout=0.5)
    assert publisher.publish([warm_up]) == {warm_up.id}
    proxy.replies.hold = True
    with pytest.raises(BusUnavailable) as trouble:
        publisher.publish([first])
    assert trouble.value.confirmed == set()
    proxy.requests.swallow, proxy.refuse = True, True
    proxy.replies.hold = False  # the confirm of `first` arrives now
    with pytest.raises(BusUnavailable) as trouble:
        publisher.publish([second])
    assert trouble.value.confirmed == set()
    proxy.requests.swallow, proxy.refuse = False, False
    assert publisher.publish([first, second]) == {first.id, second.id}
    publisher.close()
    assert _bodies(rabbit, QUEUE) == [warm_up.id, first.id, first.id, second.id]


@pytest.mark.row("A3")
@pytest.mark.guard("confirm")
def test_control_the_library_s_own_wait_takes_the_late_confirm_for_another_message(rabbit: Bus, proxy: Proxy) -> None:
    rabbit.say(created(), created(), created())
    warm_up, first, second = rabbit.envelopes()
    channel = connect(proxy.through(rabbit.broker_url)).channel()

    def publish(envelope: Envelope) -> None:
        key = routing_key(envelope.type, bulk=False)
        channel.basic_publish_confirm(_as_message(envelope), EXCHANGE, key, confirm_timeout=1)

    publish(warm_up)
    proxy.replies.hold = True
    with pytest.raises(TimeoutError):
        publish(first)
    proxy.requests.swallow = True
    late = threading.Timer(0.2, setattr, (proxy.replies, "hold", False))
    late.start()
    publish(second)  # "confirmed"
    late.join()
    channel.connection.collect()
    assert _bodies(rabbit, QUEUE) == [warm_up.id, first.id]


@pytest.mark.row("A5")
def test_an_unroutable_message_stays_unsent_and_does_not_block_others(rabbit: Bus) -> None:
    rabbit.declare()
    channel = _channel(rabbit)
    channel.queue_unbind(QUEUE, EXCHANGE, routing_key(CREATED, bulk=False))
    unroutable = rabbit.say(*[created() for _ in range(30)])
    others = rabbit.say(*[changed() for _ in range(30)])
    publisher = RabbitPublisher(rabbit.broker_url)
    assert relay_once(rabbit.billing, publisher, limit=20) == 0
    assert relay_once(rabbit.billing, publisher, limit=20) == 20
    assert relay_once(rabbit.billing, publisher, limit=20) == 10
    assert rabbit.unsent() == len(unroutable)
    assert sorted(_bodies(rabbit, QUEUE)) == sorted(others)
    publisher.close()

    channel.queue_bind(QUEUE, EXCHANGE, routing_key(CREATED, bulk=False))
    close(channel.connection)
    publisher = RabbitPublisher(rabbit.broker_url)
    assert relay_once(rabbit.billing, publisher) == 30
    publisher.close()


@pytest.mark.row("A5")
def test_a_full_queue_refuses_and_the_refused_stay_unsent(rabbit: Bus) -> None:
    rabbit.declare()
    channel = _channel(rabbit)
    channel.queue_unbind(QUEUE, EXCHANGE, routing_key(CREATED, bulk=False))
    limits = {"x-queue-type": "quorum", "x-max-length": 10, "x-overflow": "reject-publish"}
    channel.queue_declare("small", durable=True, auto_delete=False, arguments=limits)
    channel.queue_bind("small", EXCHANGE, routing_key(CREATED, bulk=False))
    rabbit.say(*[created() for _ in range(500)])
    publisher = RabbitPublisher(rabbit.broker_url)
    for _ in range(3):
        relay_once(rabbit.billing, publisher)
    sent = 500 - rabbit.unsent()
    assert 10 <= sent < 500
    stored = set(_bodies(rabbit, "small"))
    with rabbit.billing.session(reading=True) as session:
        marked = {row.id for row in session.query(OutboxRow).where(OutboxRow.sent_at.is_not(None))}
    assert marked == stored
    publisher.close()
    close(channel.connection)


@pytest.mark.row("A1")
def test_cut_connections_lose_and_repeat_nothing(rabbit: Bus, proxy: Proxy) -> None:
    direct, rabbit.broker_url = rabbit.broker_url, proxy.through(rabbit.broker_url)
    rabbit.start()
    ids: list[str] = []
    for _ in range(6):
        ids += rabbit.say(*[created() for _ in range(100)], bulk=True)
        proxy.cut()
    until(lambda: rabbit.all_handled(ids))
    assert set(rabbit.effects().values()) == {1}
    assert len(rabbit.effects()) == 600
    rabbit.stop()
    rabbit.broker_url = direct
    assert _count(rabbit, dead_queue("notifications")) == 0


@pytest.mark.row("A10")
def test_what_cannot_be_read_goes_to_the_dead_letter_queue_and_neighbours_are_handled(rabbit: Bus) -> None:
    rabbit.declare()
    good = [created() for _ in range(20)]
    ids = rabbit.say(*good)
    envelopes = rabbit.envelopes()
    broken = _broken(envelopes[0])
    channel = _channel(rabbit)
    mixed = [*map(_as_message, envelopes), *broken]
    random.Random(3).shuffle(mixed)
    for message in mixed:  # confirmed: a broker may lose what a connection sent just before it was closed
        channel.basic_publish_confirm(message, EXCHANGE, routing_key(CREATED, bulk=False))
    close(channel.connection)
    rabbit.start(relays=False)
    until(lambda: rabbit.all_handled(ids))
    until(lambda: _count(rabbit, dead_queue("notifications")) == len(broken))
    assert len(rabbit.effects()) == 20

    assert replay_dead(rabbit.broker_url, "notifications") == len(broken)
    until(lambda: _count(rabbit, dead_queue("notifications")) == len(broken))
    assert set(rabbit.states()) == set(ids)


def _broken(envelope: Envelope) -> list[amqp.Message]:
    def one(body: Any = envelope.payload, **headers: Any) -> amqp.Message:
        all_headers = {**envelope.headers(), "cloudEvents:id": new_id()}
        for name, value in headers.items():
            all_headers[f"cloudEvents:{name}"] = value
            if value is None:
                del all_headers[f"cloudEvents:{name}"]
        return amqp.Message(body, application_headers=all_headers, delivery_mode=2)

    return [
        one(body=b"\xff\xfe not text"),
        one(body="{"),
        one(body="[]"),
        one(body=""),
        one(body=envelope.payload.replace('"total":8000', '"total":"8000"')),
        one(body='{"type":"billing.InvoiceCreated.v1"}'),
        one(id="17"),
        one(id=None),
        one(id=new_id().upper()),
        one(society="not-a-uuid"),
        one(society=7),
        one(time="yesterday"),
        one(time="2026-11-21T10:00:00"),
        one(time=None),
        one(type="billing.InvoiceCreated.v9"),
        one(type="payments.PaymentReceived.v1"),
        one(correlation=None),
        one(correlation="\x00"),
        one(causation={"a": "table"}),
        amqp.Message("{}", delivery_mode=2),
    ]


@pytest.mark.row("A12")
def test_while_the_database_is_away_nothing_is_taken_acked_or_counted(
    rabbit: Bus, postgres_server: PostgresServer, score: Score, campaign: bool
) -> None:
    count, seconds = (5_000, 120.0) if campaign else (300, 0.0)
    rabbit.start()
    first = rabbit.say(created())
    until(lambda: rabbit.all_handled(first))
    name = rabbit.notifications.engine.url.database
    with psycopg.connect(postgres_server.admin_url, autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        score.injected()
        away_until = time.monotonic() + seconds
        ids = rabbit.say(*[created() for _ in range(count)])
        until(lambda: rabbit.unsent() == 0)
        until(lambda: time.monotonic() > away_until, seconds=seconds + 1)
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    with score.recovering():
        until(lambda: rabbit.all_handled(ids), seconds=120)
    assert _count(rabbit, dead_queue("notifications")) == 0
    assert {row.attempts for id in ids if (row := rabbit.row(id))} == {0}
    score.count(lost=count + 1 - len(rabbit.effects()), doubled=sum(rabbit.effects().values()) - count - 1)


@pytest.mark.row("A16")
def test_a_consumer_whose_queue_is_taken_away_comes_back(rabbit: Bus) -> None:
    rabbit.start()
    first = rabbit.say(created())
    until(lambda: rabbit.all_handled(first))
    channel = _channel(rabbit)
    channel.queue_delete(QUEUE)
    close(channel.connection)
    publisher = RabbitPublisher(rabbit.broker_url)

    second = rabbit.say(created())
    until(lambda: publisher.publish(rabbit.envelopes()[-1:]))  # unroutable until the consumer has declared its queue
    until(lambda: rabbit.all_handled(second))
    publisher.close()


@pytest.mark.parametrize("clicking", [True, False])
def test_a_run_takes_small_bites_beside_people(rabbit: Bus, monkeypatch: pytest.MonkeyPatch, clicking: bool) -> None:
    monkeypatch.setattr(consumer, "IN_USE", 60.0 if clicking else 0.0)
    bites: list[int] = []
    receive = inbox.receive

    def noted(running: RunningService, envelopes: Sequence[Envelope]) -> None:
        if envelopes[0].bulk:
            bites.append(len(envelopes))
        receive(running, envelopes)

    monkeypatch.setattr(inbox, "receive", noted)
    rabbit.start()
    click = rabbit.say(created())
    until(lambda: rabbit.all_handled(click))
    rabbit.stop()
    rabbit.start(workers=False)
    ids = rabbit.say(*[changed() for _ in range(300)], bulk=True)
    until(lambda: rabbit.unsent() == 0)
    rabbit.start(relays=False)
    until(lambda: rabbit.all_handled(ids))
    assert (max(bites) <= BATCH_BESIDE_PEOPLE) is clicking
