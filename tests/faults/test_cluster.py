"""A cluster of three brokers under load: whichever node dies, freezes, is cut off or updated, nothing is lost, nothing
is doubled, and nothing counts as sent that a majority does not hold."""

from __future__ import annotations

import random
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.stack.cluster import NODES, Cluster
from deploy.stack.errors import ServerMissing
from shared import clock
from shared.bus.topology import HEARTBEAT, queue_name
from tests.conformance.buses import Bus
from tests.conformance.conftest import make_databases, running_bus
from tests.faults.score import Score
from tests.faults.stream import Stream, wait_for
from tests.servers.missing import missing
from tests.servers.plugin import FreshDatabase

pytestmark = [pytest.mark.campaign, pytest.mark.slow, pytest.mark.timeout(900)]

QUEUE = queue_name("notifications", bulk=False)
KILLED_LEADER, FROZEN_LEADER, CUT_OFF_LEADER = 2.0, 20.0, 20.0  # seconds until publishing goes on
WITHOUT_QUORUM = 10.0  # seconds


@pytest.fixture(scope="module")
def whole() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-test-cluster-"))
    folder.chmod(0o711)
    cluster = Cluster.of(folder)
    try:
        cluster.start()
        yield cluster
    except ServerMissing as trouble:
        missing("RabbitMQ", str(trouble))
    finally:
        cluster.stop()
        shutil.rmtree(folder)


@pytest.fixture
def cluster(whole: Cluster) -> Cluster:
    """Whatever an earlier test left dead or frozen is back."""
    for name, node in whole.nodes.items():
        whole.thaw(name)
        if not node.process.alive():
            node.start()
    whole.wait_whole()
    return whole


@pytest.fixture
def vhost() -> str:
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture
def bus(cluster: Cluster, vhost: str, fresh_database: FreshDatabase) -> Iterator[Bus]:
    cluster.first.add_vhosts(vhost)
    with running_bus("rabbit", make_databases(fresh_database), cluster.urls(vhost)) as bus:
        yield bus


@pytest.mark.row("A15")
def test_every_queue_stands_on_all_three_nodes(cluster: Cluster, bus: Bus, vhost: str) -> None:
    bus.declare()
    queues = cluster.queues(vhost)
    assert QUEUE in queues
    assert {frozenset(members) for _, members in queues.values()} == {frozenset(NODES)}


@pytest.mark.row("A2")
def test_the_leader_is_killed_and_others_go_on_at_once(cluster: Cluster, bus: Bus, vhost: str, score: Score) -> None:
    with Stream(bus) as stream:
        for _ in range(3):
            leader = cluster.leader(QUEUE, vhost)
            score.injected()
            cluster.kill(leader)
            moment = clock.now()
            score.recovered(stream.until_sent_again(moment, seconds=30))
            cluster.nodes[leader].start()
            cluster.wait_whole()
        stream.judge(score)
    assert max(score.recovery) <= KILLED_LEADER


@pytest.mark.row("A14")
def test_the_leader_freezes_and_others_go_on(cluster: Cluster, bus: Bus, vhost: str, score: Score) -> None:
    slowest = 0.0
    with Stream(bus) as stream:
        for _ in range(2):
            leader = cluster.leader(QUEUE, vhost)
            score.injected()
            cluster.freeze(leader)
            moment, said = clock.now(), len(stream.ids)
            try:
                score.recovered(stream.until_sent_again(moment, seconds=60))
                slowest = max(slowest, stream.until_handled_again(said, seconds=120))
            finally:
                cluster.thaw(leader)
            cluster.take_back(leader)
        stream.judge(score)
    assert max(score.recovery) <= FROZEN_LEADER
    assert slowest <= 2 * HEARTBEAT + FROZEN_LEADER


@pytest.mark.row("A16")
def test_leaders_move_and_consumers_go_on(cluster: Cluster, bus: Bus, vhost: str, score: Score) -> None:
    with Stream(bus) as stream:
        for _ in range(5):
            score.injected()
            other = cluster.move_leader(QUEUE, vhost)
            assert cluster.leader(QUEUE, vhost) == other
            score.recovered(stream.until_handled_again(len(stream.ids), seconds=60))
        stream.judge(score)
    assert max(score.recovery) <= FROZEN_LEADER


@pytest.mark.row("A15")
def test_without_a_quorum_nothing_counts_as_sent_and_afterwards_all_of_it_is(
    cluster: Cluster, bus: Bus, score: Score, seed: int
) -> None:
    victims = random.Random(seed).sample(NODES, 2)
    with Stream(bus) as stream:
        score.injected(2)
        for victim in victims:
            cluster.kill(victim)
        moment = clock.now()
        until = time.monotonic() + WITHOUT_QUORUM
        while time.monotonic() < until:
            assert stream.sent_of_those_said_after(moment) == 0
            time.sleep(0.1)
        with ThreadPoolExecutor(2) as pool:
            returning = [pool.submit(cluster.nodes[name].start) for name in victims]
            score.recovered(stream.until_sent_again(moment, seconds=120))
            for each in returning:
                each.result()
        cluster.wait_whole()
        stream.judge(score)


@pytest.mark.row("A15")
def test_the_leader_is_cut_off_from_the_others_and_stops_serving_until_it_is_back(
    cluster: Cluster, bus: Bus, vhost: str, score: Score
) -> None:
    with Stream(bus) as stream:
        leader = cluster.leader(QUEUE, vhost)
        score.injected()
        cluster.cut_off(leader)
        moment = clock.now()
        try:
            score.recovered(stream.until_sent_again(moment, seconds=60))
            wait_for(lambda: not cluster.nodes[leader].ready(), seconds=30)
        finally:
            cluster.rejoin(leader)
        cluster.wait_whole()
        stream.judge(score)
    assert max(score.recovery) <= CUT_OFF_LEADER


@pytest.mark.row("A2")
def test_all_nodes_are_restarted_one_after_the_other_under_load(cluster: Cluster, bus: Bus, score: Score) -> None:
    with Stream(bus) as stream:
        for name in NODES:
            score.injected()
            cluster.restart(name)
        stream.judge(score)
    score.recovered(stream.longest_wait())
    assert max(score.recovery) <= FROZEN_LEADER
