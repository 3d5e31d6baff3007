"""Killed at any point, as by kill -9, and started again: each message has its effect once, and says its own once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.bus.inbox import InboxRow
from shared.bus.retry import DELAYS
from shared.bus.topology import connect, dead_queue
from shared.bus.worker import HANGS
from tests.conformance.buses import Bus, until
from tests.conformance.process import spawn
from tests.conformance.sample import changed, created
from tests.faults.score import Score

KILLED = 137


def _everything_once(bus: Bus, ids: list[str]) -> None:
    bus.start()
    until(lambda: bus.all_handled(ids), stepping=timedelta(seconds=2))
    assert set(bus.effects().values()) == {1}
    assert len(bus.effects()) == len(ids)
    assert bus.said_by_notifications() == len(ids) // 2


@pytest.mark.row("A6")
@pytest.mark.parametrize("point", ["received", "decoded", "inbox", "effect", "outbox", "commit", "ack"])
def test_a_consumer_killed_anywhere_repeats_no_effect(rabbit: Bus, point: str) -> None:
    ids = rabbit.say(*[created() for _ in range(20)], *[changed() for _ in range(20)])
    rabbit.start(workers=False)
    until(lambda: rabbit.unsent() == 0)
    assert spawn("work", rabbit, crash_at=point).wait(60) == KILLED
    _everything_once(rabbit, ids)
    assert _dead(rabbit) == 0


@pytest.mark.row("A6")
@pytest.mark.parametrize("point", ["inbox", "effect", "outbox", "commit"])
@pytest.mark.parametrize("kind", ["sqlite_bus", "postgres_bus"])
def test_a_worker_of_the_local_bus_killed_anywhere_repeats_no_effect(
    request: pytest.FixtureRequest, kind: str, point: str
) -> None:
    bus: Bus = request.getfixturevalue(kind)
    ids = bus.say(*[created() for _ in range(20)], *[changed() for _ in range(20)])
    bus.start(workers=False)
    until(lambda: bus.unsent() == 0)
    assert spawn("work", bus, crash_at=point).wait(60) == KILLED
    _everything_once(bus, ids)


@pytest.mark.row("A2")
@pytest.mark.parametrize("point", ["claimed", "published", "marked"])
def test_a_relay_killed_anywhere_loses_nothing(bus: Bus, point: str) -> None:
    bus.declare()
    ids = bus.say(*[created() for _ in range(20)], *[changed() for _ in range(20)])
    assert spawn("relay", bus, crash_at=point).wait(60) == KILLED
    _everything_once(bus, ids)
    until(lambda: bus.unsent() == 0)


@pytest.mark.slow
@pytest.mark.row("A11")
@pytest.mark.parametrize(
    ("kind", "death"),
    [
        ("sqlite_bus", "kill"),
        ("rabbit", "kill"),
        pytest.param("rabbit", "abort", marks=pytest.mark.campaign),
        pytest.param("rabbit", "memory is full", marks=pytest.mark.campaign),
    ],
)
def test_a_message_that_kills_the_process_is_parked_and_its_neighbours_are_handled(
    request: pytest.FixtureRequest, kind: str, death: str, tmp_path: Path, score: Score
) -> None:
    bus: Bus = request.getfixturevalue(kind)
    [killer, *others] = bus.say(created(death), *[created() for _ in range(10)])
    bus.start(workers=False)
    until(lambda: bus.unsent() == 0)
    clock_file = tmp_path / "clock"
    for hours in range(12):
        clock_file.write_text(str(hours * 7200))
        worker = spawn("work", bus, clock_file=clock_file)
        try:
            until(lambda: worker.poll() is not None or bus.states().get(killer) == "parked", seconds=60)  # noqa: B023
            score.injected()
        finally:
            worker.kill()
            worker.wait()
        row = bus.row(killer)
        if row is not None and row.state == "parked":
            break
        if row is not None and row.attempts == 2:
            _count_attempts(bus, killer, len(DELAYS) - 1)  # as after some more deaths
    row = bus.row(killer)
    assert row is not None
    assert row.state == "parked"
    assert row.error == "the process died each time that it was handled"
    bus.start()
    until(lambda: bus.all_handled(others), stepping=timedelta(hours=30))
    score.count(lost=10 - len(bus.effects()), doubled=sum(bus.effects().values()) - len(bus.effects()))


@pytest.mark.campaign
@pytest.mark.slow
@pytest.mark.row("A16")
def test_a_worker_that_hangs_ends_itself_and_those_that_follow_handle_the_rest(
    rabbit: Bus, tmp_path: Path, score: Score
) -> None:
    """Its supervisor starts the next one; the message that hangs is soon tried by itself, after the others."""
    *others, hanging = rabbit.say(*[created() for _ in range(5)], created("hang"))
    rabbit.start(workers=False)
    until(lambda: rabbit.unsent() == 0)
    clock_file = tmp_path / "clock"
    for number in range(6):
        clock_file.write_text(str(60 * number))
        worker = spawn("work", rabbit, clock_file=clock_file, hangs_after=10)
        try:
            until(lambda: worker.poll() is not None or rabbit.all_handled(others), seconds=60)  # noqa: B023
            if rabbit.all_handled(others):
                break
            assert worker.returncode == HANGS
            score.injected()
        finally:
            worker.kill()
            worker.wait()
    assert score.faults > 0
    assert rabbit.states().get(hanging) != "handled"
    score.count(lost=5 - len(rabbit.effects()), doubled=sum(rabbit.effects().values()) - len(rabbit.effects()))


def _count_attempts(bus: Bus, id: str, attempts: int) -> None:
    with bus.notifications.session() as session:
        session.execute(sa.update(InboxRow).where(InboxRow.id == id).values(attempts=attempts))


def _dead(bus: Bus) -> int:
    connection = connect(bus.broker_url)
    try:
        return int(connection.channel().queue_declare(dead_queue("notifications"), passive=True).message_count)
    finally:
        connection.collect()
