"""Dead letters go back to the lane that they came from, for a reason that stands in the audit trail, once each."""

from __future__ import annotations

import json
from typing import Any

import amqp
import pytest
import sqlalchemy as sa

from shared.audit import AuditRow
from shared.bus.command import main as bus_command
from shared.bus.dead import count_dead, replay_dead_letters
from shared.bus.replay import ReasonNeeded
from shared.bus.topology import DEAD, close, connect, queue_name
from shared.identity import Actor
from shared.local_copies import copy_society
from shared.messages.members import Society, SocietyChanged
from tests.conformance import sample
from tests.conformance.buses import Bus, until
from tests.conformance.sample import created

OPERATOR = Actor(kind="person", name="operator")


@pytest.fixture
def letters(rabbit: Bus) -> tuple[Bus, list[str]]:
    """Three good messages that were dead-lettered, as by a worker of an older release: two prompt, one bulk."""
    rabbit.declare()
    with rabbit.notifications.unit(rabbit.society) as uow:
        copy_society(
            uow, SocietyChanged(society=Society(id=rabbit.society, revision=1, slug="s", name="会", name_en="s"))
        )
    ids = rabbit.say(created(), created()) + rabbit.say(created(), bulk=True)
    publisher = rabbit.publisher()
    publisher.publish(rabbit.envelopes())
    publisher.close()
    reject_all(rabbit)
    return rabbit, ids


def reject_all(bus: Bus) -> None:
    connection = connect(bus.broker_url)
    channel = connection.channel()
    taken = 0
    for bulk in (False, True):
        while (message := channel.basic_get(queue_name("notifications", bulk=bulk))) is not None:
            channel.basic_reject(message.delivery_tag, requeue=False)
            taken += 1
    until(lambda: count_dead(bus.broker_url, "notifications") == taken)
    close(connection)


def lanes(bus: Bus) -> dict[bool, int]:
    connection = connect(bus.broker_url)
    try:
        channel = connection.channel()
        return {
            bulk: channel.queue_declare(queue_name("notifications", bulk=bulk), passive=True).message_count
            for bulk in (False, True)
        }
    finally:
        close(connection)


@pytest.mark.row("A21")
def test_they_go_back_to_their_lane_however_often(letters: tuple[Bus, list[str]]) -> None:
    bus, ids = letters
    for _ in range(2):
        assert replay_dead_letters(bus.notifications, reason="new release", actor=OPERATOR) == 3
        until(lambda: lanes(bus) == {False: 2, True: 1})
        reject_all(bus)
    assert replay_dead_letters(bus.notifications, reason="new release", actor=OPERATOR, rate=100) == 3
    bus.start(relays=False)
    until(lambda: bus.all_handled(ids))
    assert sorted(bus.effects().values()) == [1, 1, 1]
    with bus.notifications.unit(bus.society, reading=True) as uow:
        entries = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "replay-dead-letters")).all()
    assert [(e.actor_name, e.after) for e in entries] == [("operator", {"count": 3, "reason": "new release"})] * 3


@pytest.mark.row("A21")
def test_the_command_counts_them_and_wants_a_reason(
    letters: tuple[Bus, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    bus, _ids = letters
    settings = bus.notifications.settings
    services: Any = {"notifications": lambda: sample.start(sample.NOTIFICATIONS, settings.database, settings.broker)}
    capsys.readouterr()
    assert bus_command(services, ["lag", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["dead"] == 3
    with pytest.raises(ReasonNeeded):
        replay_dead_letters(bus.notifications, reason=" ", actor=OPERATOR)
    assert count_dead(bus.broker_url, "notifications") == 3
    assert bus_command(services, ["replay", "notifications", "--dead", "--reason", "new release"]) == 0
    assert "3 messages went back" in capsys.readouterr().out
    until(lambda: count_dead(bus.broker_url, "notifications") == 0)


@pytest.mark.rule("S33")
def test_what_names_no_society_of_ours_goes_back_too(letters: tuple[Bus, list[str]]) -> None:
    bus, _ids = letters
    connection = connect(bus.broker_url)
    channel = connection.channel()
    channel.basic_publish_confirm(amqp.Message("{", delivery_mode=2), DEAD, "notifications")
    channel.basic_publish_confirm(
        amqp.Message("{", application_headers={"cloudEvents:society": "x' OR 1"}, delivery_mode=2),
        DEAD,
        "notifications",
    )
    close(connection)
    until(lambda: count_dead(bus.broker_url, "notifications") == 5)
    assert replay_dead_letters(bus.notifications, reason="x", actor=OPERATOR) == 5


def test_where_there_is_no_broker_nobody_can_tell(sqlite_bus: Bus) -> None:
    assert count_dead("", "notifications") is None
    assert count_dead("amqp://nobody:x@127.0.0.1:9/", "notifications") is None
    with pytest.raises(ValueError, match="TSUDOI_BROKER"):
        replay_dead_letters(sqlite_bus.notifications, reason="x", actor=OPERATOR)
