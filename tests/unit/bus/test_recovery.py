"""A service that lost its newest rows: its neighbours send again, and each difference is listed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared import clock
from shared.audit import AuditRow
from shared.bus.command import main as bus_command
from shared.bus.inbox import InboxRow
from shared.bus.recovery import differences, send_again
from shared.bus.replay import RateImpossible, ReasonNeeded
from shared.identity import Actor
from shared.local_copies import copy_society
from shared.messages.members import Society, SocietyChanged
from shared.outbox import OutboxRow
from tests.conformance import sample
from tests.conformance.buses import Bus, until
from tests.conformance.sample import Effect, changed, created

BY: Any = {"reason": "restored", "actor": Actor(kind="person", name="operator")}


@pytest.fixture(params=["sqlite_bus", "postgres_bus"])
def told(request: pytest.FixtureRequest) -> tuple[Bus, list[str]]:
    """Six messages that were said and handled."""
    bus: Bus = request.getfixturevalue(request.param)
    ids = bus.say(*[created() for _ in range(4)], *[changed() for _ in range(2)])
    bus.start()
    until(lambda: bus.all_handled(ids) and not bus.unsent())
    return bus, ids


def forget_effects(bus: Bus, ids: list[str]) -> None:
    """As notifications is after a restore from a back-up that is older than these messages."""
    with bus.notifications.unit(bus.society) as uow:
        uow.session.execute(sa.delete(Effect))
        uow.session.execute(sa.delete(InboxRow).where(InboxRow.id.in_(ids)))


@pytest.mark.row("B9")
@pytest.mark.row("A21")
def test_what_was_missed_is_listed_sent_again_and_handled_once(told: tuple[Bus, list[str]]) -> None:
    bus, ids = told
    neighbours = {"billing": bus.billing}
    assert list(differences(bus.notifications, neighbours)) == []
    forget_effects(bus, ids)
    missed = list(differences(bus.notifications, neighbours))
    assert [(each.what, each.id, each.known_to) for each in missed] == [("missed", id, "billing") for id in ids]
    for _ in range(2):
        assert send_again(bus.billing, bus.notifications, since=None, **BY) == len(ids)
        until(lambda: bus.all_handled(ids) and not bus.unsent())
    assert list(differences(bus.notifications, neighbours)) == []
    assert sorted(bus.effects().values()) == [1] * len(ids)


@pytest.mark.row("B9")
def test_what_it_had_said_and_forgot_is_listed_with_those_who_know(told: tuple[Bus, list[str]]) -> None:
    bus, ids = told
    with bus.billing.session() as session:
        session.execute(sa.delete(OutboxRow).where(OutboxRow.id.in_(ids[3:5])))
    neighbours = {"notifications": bus.notifications, "members": bus.listener}
    forgotten = list(differences(bus.billing, neighbours))
    assert [(each.what, each.id, each.known_to) for each in forgotten] == [
        ("forgotten", id, "notifications") for id in ids[3:5]
    ]
    with clock.travel(by=timedelta(hours=1)):
        assert list(differences(bus.billing, neighbours, since=clock.now())) == []


def test_only_what_was_sent_since_and_only_what_is_subscribed_to(told: tuple[Bus, list[str]]) -> None:
    bus, _ids = told
    later = clock.now() + timedelta(minutes=5)
    assert send_again(bus.billing, bus.notifications, since=later, **BY) == 0
    assert send_again(bus.billing, bus.listener, since=None, **BY) == 0, "it does not hear billing"
    assert bus.unsent() == 0


def test_no_reason_no_sending_again(told: tuple[Bus, list[str]]) -> None:
    bus, _ids = told
    with pytest.raises(ReasonNeeded):
        send_again(bus.billing, bus.notifications, since=None, reason=" ", actor=BY["actor"])
    with pytest.raises(RateImpossible):
        send_again(bus.billing, bus.notifications, since=None, rate=0, **BY)
    assert bus.unsent() == 0


def test_what_was_sent_again_before_somebody_stopped_it_is_recorded(
    told: tuple[Bus, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bus, _ = told
    with bus.billing.unit(bus.society) as uow:
        copy_society(uow, SocietyChanged(society=Society(id=bus.society, revision=1, slug="s", name="s", name_en="s")))

    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("shared.bus.recovery.time.sleep", stop)
    with pytest.raises(KeyboardInterrupt):
        send_again(bus.billing, bus.notifications, since=None, rate=2, **BY)
    with bus.billing.unit(bus.society, reading=True) as uow:
        (row,) = uow.session.scalars(sa.select(AuditRow)).all()
    assert row.after is not None and (row.after["count"], row.after["reason"]) == (2, "restored")


def test_the_command_records_it_in_each_society(
    told: tuple[Bus, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    bus, ids = told
    forget_effects(bus, ids)
    services: Any = {
        service.name: lambda service=service, running=running: sample.start(service, running.settings.database)
        for service, running in zip((sample.BILLING, sample.NOTIFICATIONS), bus.services, strict=False)
    }
    _know_society(bus)
    assert bus_command(services, ["compare", "notifications"]) == 0
    assert capsys.readouterr().out.count("missed") == len(ids)
    told_why = ["--reason", "the disk died", "--rate", "1000"]
    assert bus_command(services, ["resend", "billing", "--to", "notifications", *told_why]) == 0
    assert f"{len(ids)} messages" in capsys.readouterr().out
    until(lambda: bus.all_handled(ids))
    assert bus_command(services, ["compare", "notifications"]) == 0
    assert "no difference" in capsys.readouterr().out
    with bus.billing.unit(bus.society, reading=True) as uow:
        [entry] = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "send-again"))
    assert entry.after == {"to": "notifications", "count": len(ids), "since": None, "reason": "the disk died"}


def _know_society(bus: Bus) -> None:
    society = Society(id=bus.society, revision=1, slug="s", name="会", name_en="s")
    with bus.billing.unit(bus.society) as uow:
        copy_society(uow, SocietyChanged(society=society))
