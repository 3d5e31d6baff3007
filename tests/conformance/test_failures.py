"""What both buses promise when handlers fail: neighbours are unharmed, what cannot succeed is parked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared import society
from shared.audit import AuditRow
from shared.bus import parked
from shared.bus.command import main as bus_command
from shared.bus.parked import Which, list_parked
from shared.bus.replay import ReasonNeeded, discard, replay
from shared.db import IDLE_WRITER_TIMEOUT
from shared.identity import Actor
from tests.conformance import sample
from tests.conformance.buses import Bus, until
from tests.conformance.sample import created


@pytest.mark.row("A9")
def test_a_poisonous_message_is_parked_alone(bus: Bus) -> None:
    messages = [created("value" if number in (3, 50, 99) else "fee") for number in range(100)]
    ids = bus.say(*messages)
    bus.start()
    poison = {ids[3], ids[50], ids[99]}
    until(lambda: bus.all_handled([id for id in ids if id not in poison]))
    until(lambda: all(bus.states()[id] == "parked" for id in poison), stepping=timedelta(minutes=5))
    assert len(bus.effects()) == 97
    assert set(bus.effects().values()) == {1}
    row = bus.row(ids[3])
    assert row is not None
    assert row.attempts == 3
    assert row.error == "ValueError: "


@pytest.mark.row("A11")
@pytest.mark.parametrize("kind", ["timeout", "os", "memory", "unavailable"])
def test_whatever_a_handler_raises_the_consumer_survives(bus: Bus, kind: str) -> None:
    [bad, *good] = bus.say(created(kind), *[created() for _ in range(20)])
    bus.start()
    until(lambda: bus.all_handled(good))
    until(lambda: bus.states()[bad] == "parked", stepping=timedelta(hours=1))
    after = bus.say(created())
    until(lambda: bus.all_handled(after))
    row = bus.row(bad)
    assert row is not None
    assert row.attempts == 8
    assert row.error is not None
    assert row.error.startswith(sample.MISBEHAVIOURS[kind].__name__)


@pytest.mark.row("A13")
@pytest.mark.parametrize("kind", ["postgres_bus", "rabbit"])
def test_a_handler_that_stands_still_in_its_transaction_holds_up_nobody(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The database ends the transaction and the connection with it; that does not make it a database that is down."""
    soon = str(society._ENTER).replace(f"'{IDLE_WRITER_TIMEOUT}'", "'200'")
    monkeypatch.setattr(society, "_ENTER", sa.text(soon))
    bus: Bus = request.getfixturevalue(kind)
    [bad, *good] = bus.say(created("stand still 0.5"), *[created() for _ in range(20)])
    bus.start()
    until(lambda: bus.all_handled(good))
    until(lambda: bus.states()[bad] == "parked", stepping=timedelta(minutes=5))
    row = bus.row(bad)
    assert row is not None and row.error is not None
    assert row.error.startswith("InternalError: terminating connection due to idle-in-transaction timeout")


@pytest.mark.row("A21")
def test_parked_messages_are_listed_shown_replayed_once_and_discarded(
    bus: Bus, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = bus.say(*[created("value") for _ in range(4)], *[created("lookup") for _ in range(2)])
    monkeypatch.setitem(sample.MISBEHAVIOURS, "lookup", LookupError)
    bus.start()
    until(lambda: set(bus.states().values()) == {"parked"} and len(bus.states()) == 6, stepping=timedelta(minutes=5))
    groups = list_parked(bus.notifications)
    assert [(group.count, group.error) for group in groups] == [(4, "ValueError:"), (2, "LookupError:")]
    shown = parked.show(bus.notifications, groups[0].example)
    assert shown.id in ids
    assert shown.payload["invoice"]["title"] == "…(5)"
    assert shown.payload["invoice"]["payer_id"] in str(bus.envelopes())

    monkeypatch.delitem(sample.MISBEHAVIOURS, "value")
    by: Any = {"reason": "mended", "actor": Actor(kind="person", name="operator")}
    assert replay(bus.notifications, Which(type="billing.InvoiceCreated.v1"), **by).count == 6
    until(lambda: bus.all_handled(ids[:4]), stepping=timedelta(minutes=5))
    until(lambda: all(bus.states()[id] == "parked" for id in ids[4:]), stepping=timedelta(minutes=5))
    assert replay(bus.notifications, Which(ids=ids[:4]), **by).count == 0
    assert set(bus.effects().values()) == {1}

    with pytest.raises(ReasonNeeded):
        discard(bus.notifications, Which(ids=ids[4:]), reason=" ", actor=by["actor"])
    assert discard(bus.notifications, Which(ids=[ids[4]]), reason="typed wrongly", actor=by["actor"]) == 1
    services = {"notifications": lambda: sample.start(sample.NOTIFICATIONS, bus.notifications.settings.database)}
    assert bus_command(services, ["discard", "notifications", ids[5], "--reason", "the same"]) == 0
    assert bus_command(services, ["lag"]) == 0
    assert bus_command(services, ["parked"]) == 0
    assert "nothing is parked" in capsys.readouterr().out
    with bus.notifications.unit(bus.society, reading=True) as uow:
        actions = list(uow.session.scalars(sa.select(AuditRow.action)))
    assert sorted(actions) == ["discard-message"] * 2 + ["replay-message"] * 6


def test_names_are_masked(sqlite_bus: Bus) -> None:
    [id] = sqlite_bus.say(created("髙橋 花子"))
    publisher = sqlite_bus.publisher()
    publisher.publish(sqlite_bus.envelopes())
    shown = parked.show(sqlite_bus.notifications, id)
    assert "髙橋" not in str(shown)
    assert shown.payload["invoice"]["total"] == 8000
