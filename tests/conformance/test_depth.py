"""Repeated, mixed up, poisonous and unreadable messages, many of them: a few in the short set, all in the campaign."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import amqp
import pytest

from shared.bus import inbox
from shared.bus.dead import replay_dead
from shared.bus.rabbit import RabbitPublisher
from shared.bus.retry import work_off
from shared.bus.topology import DEAD, EXCHANGE, close, connect, dead_queue, queue_name, routing_key
from shared.ids import new_id
from shared.messages import Envelope
from tests.conformance.buses import Bus, until
from tests.conformance.sample import changed, created, paid
from tests.faults.score import Score

CREATED = "billing.InvoiceCreated.v1"
QUEUE = queue_name("notifications", bulk=False)


@pytest.fixture
def channel(rabbit: Bus) -> Iterator[Any]:
    rabbit.declare()
    connection = connect(rabbit.broker_url)
    yield connection.channel()
    close(connection)


def _put(channel: Any, messages: list[amqp.Message], exchange: str, key: str) -> None:
    for message in messages:
        channel.basic_publish(message, exchange, key)


def _as_message(envelope: Envelope, **properties: Any) -> amqp.Message:
    told = {"message_id": envelope.id, "delivery_mode": 2, "application_headers": envelope.headers(), **properties}
    return amqp.Message(envelope.payload, **told)


def _depth(channel: Any, queue: str) -> int:
    return int(channel.queue_declare(queue, passive=True).message_count)


def _judge(bus: Bus, score: Score, *, expected: int) -> None:
    found = bus.effects()
    score.count(lost=expected - len(found), doubled=sum(found.values()) - len(found))


@pytest.mark.row("A7")
def test_each_message_up_to_five_times_side_by_side_and_again_after_eight_days(
    rabbit: Bus, score: Score, seed: int, campaign: bool
) -> None:
    count = 10_000 if campaign else 200
    chance = random.Random(seed)
    ids = [id for _ in range(count // 100) for id in rabbit.say(*[created() for _ in range(100)], bulk=True)]
    again = [each for each in rabbit.envelopes() for _ in range(chance.randint(1, 5))]
    rabbit.start(relays=False)
    for days in (0, 8):
        chance.shuffle(again)
        rabbit.advance(timedelta(days=days))
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda part: _publish(rabbit, part), [again[n::3] for n in range(3)]))
        score.injected(len(again) - count if not days else len(again))
        until(lambda: rabbit.all_handled(ids), seconds=300)
    [marker] = rabbit.say(changed())
    _publish(rabbit, rabbit.envelopes()[-1:])
    until(lambda: rabbit.all_handled([marker]), seconds=300)
    assert rabbit.said_by_notifications() == count
    _judge(rabbit, score, expected=count + 1)


def _publish(bus: Bus, envelopes: list[Envelope]) -> None:
    publisher = RabbitPublisher(bus.broker_url)
    assert publisher.publish(envelopes) == {each.id for each in envelopes}
    publisher.close()


@pytest.mark.row("A8")
def test_whatever_the_order_all_ends_the_same(sqlite_bus: Bus, score: Score, seed: int, campaign: bool) -> None:
    """`paid` builds on `created`: it waits until that has come, without alarm, whatever comes between."""
    seeds, window = (100, 1_000) if campaign else (3, 200)
    for number in range(seeds):
        chance = random.Random(seed + number)
        society = new_id()
        messages = [created() for _ in range(window // 2)]
        said = [*messages, *(paid(each.invoice.id) for each in messages)]
        sqlite_bus.say(*said, society=society)
        mixed = sqlite_bus.envelopes(society)
        chance.shuffle(mixed)
        score.injected(window)
        while mixed:
            batch, mixed = mixed[:500], mixed[500:]
            inbox.store(sqlite_bus.notifications, batch)
            work_off(sqlite_bus.notifications, limit=500)
        while not sqlite_bus.at_rest():
            sqlite_bus.advance(timedelta(minutes=2))
            work_off(sqlite_bus.notifications, limit=500)
        found = sqlite_bus.effects(society)
        score.count(lost=window - len(found), doubled=sum(found.values()) - len(found))


@pytest.mark.row("A9")
def test_one_message_in_a_hundred_is_poison_and_only_those_are_parked(
    rabbit: Bus, score: Score, seed: int, campaign: bool
) -> None:
    count = 5_000 if campaign else 300
    chance = random.Random(seed)
    poisoned = set(chance.sample(range(count), count // 100))
    ids = rabbit.say(*[created("value" if n in poisoned else "fee") for n in range(count)], bulk=True)
    poison = {ids[n] for n in poisoned}
    score.injected(len(poison))
    rabbit.start()
    until(lambda: rabbit.all_handled([id for id in ids if id not in poison]), seconds=300)
    until(lambda: all(rabbit.states()[id] == "parked" for id in poison), stepping=timedelta(minutes=5), seconds=300)
    assert {id for id, state in rabbit.states().items() if state == "parked"} == poison
    for id in poison:
        row = rabbit.row(id)
        assert row is not None and (row.attempts, row.error) == (3, "ValueError: ")
    _judge(rabbit, score, expected=count - len(poison))


@pytest.mark.row("A10")
def test_whatever_is_done_to_a_message_it_is_handled_or_dead_and_never_away(
    rabbit: Bus, channel: Any, score: Score, seed: int, campaign: bool
) -> None:
    """Some mutations leave it readable, some only until a handler looks at it (an id that is none): these are parked.
    Nothing may be both, and neighbours come through."""
    count = 1_000 if campaign else 100
    chance = random.Random(seed)
    ids = rabbit.say(*[created() for _ in range(50)])
    good = rabbit.envelopes()
    bad = [_mutated(chance, chance.choice(good)) for _ in range(count)]
    mixed = [*map(_as_message, good), *bad]
    chance.shuffle(mixed)
    score.injected(count)
    _put(channel, mixed, EXCHANGE, routing_key(CREATED, bulk=False))
    rabbit.start(relays=False)
    until(lambda: rabbit.all_handled(ids), seconds=120)

    def arrived() -> int:
        ended = sum(state in ("handled", "parked") for state in rabbit.states().values())
        return _depth(channel, dead_queue("notifications")) + ended

    until(lambda: arrived() >= len(mixed), stepping=timedelta(seconds=20), seconds=120)
    assert arrived() == len(mixed)
    assert _depth(channel, dead_queue("notifications")) > count // 2
    states = rabbit.states()
    assert set(states.values()) <= {"handled", "parked"}
    assert {states[id] for id in ids} == {"handled"}


def _mutated(chance: random.Random, envelope: Envelope) -> amqp.Message:
    """Under an id of its own, so that one can tell what became of it."""
    headers: dict[str, Any] = {**envelope.headers(), "cloudEvents:id": new_id()}
    body: bytes = envelope.payload.encode()
    properties: dict[str, Any] = {}
    place = chance.randrange(1, len(body))
    match chance.randrange(8):
        case 0:
            body = body[:place]
        case 1:
            body = body[:place] + chance.randbytes(chance.randint(1, 40)) + body[place:]
        case 2:
            body = bytes([*body[:place], body[place] ^ (1 << chance.randrange(8)), *body[place + 1 :]])
        case 3:
            body = b"[" * 100_000
        case 4:
            name = chance.choice(["id", "type", "time", "source", "correlation"])
            del headers[f"cloudEvents:{name}"]
        case 5:
            name = chance.choice(["id", "type", "time", "society", "correlation", "causation", "traceparent"])
            headers[f"cloudEvents:{name}"] = chance.choice([7, True, {"a": 1}, ["x"], "\x00", "x" * 600, b"\xff"])
        case 6:
            properties = {"content_type": "application/x-python-serialize", "content_encoding": "binary"}
            body = chance.randbytes(300)
        case _:
            headers["cloudEvents:type"] = chance.choice(
                ["billing.InvoiceCreated.v9", "billing.InvoicePaid.v1", "", "v1"]
            )
    return amqp.Message(body, delivery_mode=2, application_headers=headers, **properties)


@pytest.mark.row("A21")
def test_the_whole_dead_letter_queue_replayed_twice_has_each_effect_once(
    rabbit: Bus, channel: Any, score: Score, campaign: bool
) -> None:
    """Readable letters, as after a fix: rejected by a release that did not know their type, say."""
    count = 2_000 if campaign else 50
    ids = rabbit.say(*[created() for _ in range(count)])
    letters = [_as_message(each) for each in rabbit.envelopes()]
    _put(channel, letters, DEAD, "notifications")
    until(lambda: _depth(channel, dead_queue("notifications")) == count)
    assert replay_dead(rabbit.broker_url, "notifications") == count
    _put(channel, letters, DEAD, "notifications")  # as if the first replay had died before its last acknowledgements
    until(lambda: _depth(channel, dead_queue("notifications")) == count)
    assert replay_dead(rabbit.broker_url, "notifications") == count
    score.injected(count)
    assert _depth(channel, QUEUE) == 2 * count
    rabbit.start(relays=False)
    until(lambda: rabbit.all_handled(ids), seconds=120)
    _put(channel, letters, DEAD, "notifications")
    until(lambda: _depth(channel, dead_queue("notifications")) == count)
    assert replay_dead(rabbit.broker_url, "notifications") == count
    score.injected(count)
    [marker] = rabbit.say(changed())
    _publish(rabbit, rabbit.envelopes()[-1:])
    until(lambda: rabbit.all_handled([marker]), seconds=120)
    until(lambda: _depth(channel, QUEUE) == _depth(channel, dead_queue("notifications")) == 0)
    _judge(rabbit, score, expected=count + 1)
