"""Nodes of a cluster that take connections and then say nothing: whoever asks them goes to another."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from shared.bus import topology
from shared.bus.rabbit import RabbitPublisher
from shared.bus.relay import BusUnavailable, relay_once
from shared.bus.topology import close, connect, queue_name
from tests.conformance.buses import Bus, until
from tests.conformance.sample import created
from tests.servers.proxy import Proxy


@pytest.fixture
def nodes(rabbit: Bus, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Proxy]]:
    """Two ways to the same broker, as if there were two; whoever is asked has a second to answer."""
    monkeypatch.setattr(topology, "TIMEOUT", 1.0)
    monkeypatch.setattr(topology, "ANSWER", 1.0)
    rabbit.declare()
    direct = rabbit.broker_url
    with Proxy.before(direct) as one, Proxy.before(direct) as two:
        rabbit.broker_url = ";".join(node.through(direct) for node in (one, two))
        yield [one, two]
        rabbit.stop()
        for node in (one, two):
            node.heal()


@pytest.mark.row("A14")
@pytest.mark.parametrize("room", [0, 9], ids=["before its answer", "in the middle of it"])
def test_a_node_that_falls_silent_is_not_waited_for(rabbit: Bus, nodes: list[Proxy], room: int) -> None:
    connection = connect(rabbit.broker_url)
    channel = connection.channel()
    for node in nodes:
        node.replies.room = room
    started = time.monotonic()
    with pytest.raises(topology.BROKER_ERRORS):
        channel.queue_declare(queue_name("notifications", bulk=False), passive=True)
    assert time.monotonic() - started < 3
    connection.collect()


@pytest.mark.row("A14")
def test_clients_share_the_nodes_and_pass_over_one_that_is_frozen(rabbit: Bus, nodes: list[Proxy]) -> None:
    used: Counter[int] = Counter()
    for _ in range(20):
        connection = connect(rabbit.broker_url)
        used.update(number for number, node in enumerate(nodes) if node.connections)
        close(connection)
        until(lambda: not any(node.connections for node in nodes))
    assert used.keys() == {0, 1}
    for frozen in nodes:
        frozen.replies.hold = True
        for _ in range(3):
            close(connect(rabbit.broker_url))
        frozen.heal()


@pytest.mark.row("A14")
def test_a_relay_whose_node_freezes_moves_on_and_takes_nothing_for_sent(rabbit: Bus, nodes: list[Proxy]) -> None:
    publisher = RabbitPublisher(rabbit.broker_url, confirm_timeout=1.0)
    rabbit.say(created())
    assert relay_once(rabbit.billing, publisher) == 1
    [frozen] = [node for node in nodes if node.connections]
    frozen.requests.hold = True
    rabbit.say(created())
    with pytest.raises(BusUnavailable):
        relay_once(rabbit.billing, publisher)
    assert rabbit.unsent() == 1
    assert relay_once(rabbit.billing, publisher) == 1
    publisher.close()
