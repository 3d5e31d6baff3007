"""What both buses promise for messages that are well: each has its effect, exactly once, in any order."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from shared.bus import inbox
from shared.errors import InvalidInput
from shared.ids import new_id
from shared.outbox import OutboxRow
from tests.conformance.buses import Bus, until
from tests.conformance.sample import Effect, changed, created, paid


def test_a_message_has_its_effect_once(bus: Bus) -> None:
    bus.start()
    message = created()
    [id] = bus.say(message)
    until(lambda: bus.all_handled([id]))
    assert bus.effects() == {("created", message.invoice.id): 1}
    until(lambda: bus.unsent() == 0)
    until(lambda: bus.unsent(bus.notifications) == 0)


def test_many_messages_have_their_effects_once(bus: Bus) -> None:
    bus.start()
    ids = bus.say(*[created() for _ in range(700)], *[changed() for _ in range(700)], bulk=True)
    until(lambda: bus.all_handled(ids))
    assert len(bus.effects()) == 1400
    assert set(bus.effects().values()) == {1}
    assert bus.said_by_notifications() == 700


@pytest.mark.row("A7")
def test_duplicates_have_no_second_effect(bus: Bus) -> None:
    bus.start()
    ids = bus.say(*[created() for _ in range(50)], *[changed() for _ in range(50)])
    bus.say_again(times=3)
    until(lambda: bus.all_handled(ids))
    bus.say_again(times=2)
    marker = bus.say(changed())
    until(lambda: bus.all_handled(marker))
    assert set(bus.effects().values()) == {1}
    assert len(bus.effects()) == 101
    assert bus.said_by_notifications() == 50


@pytest.mark.row("A7")
@pytest.mark.guard("inbox")
def test_control_without_the_inbox_they_would(rabbit: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "remember", lambda session, envelopes, state: {envelope.id for envelope in envelopes})
    message = created()
    rabbit.say(message)
    rabbit.start(relays=False)
    for times in (1, 2, 3):
        rabbit.say_again()
        until(lambda: sum(rabbit.effects().values()) == times)  # noqa: B023
    assert rabbit.effects() == {("created", message.invoice.id): 3}


@pytest.mark.row("A8")
def test_order_does_not_matter(bus: Bus) -> None:
    messages = [created() for _ in range(30)]
    following = [paid(message.invoice.id) for message in messages]
    shuffled = [*messages, *following]
    random.Random(7).shuffle(shuffled)
    bus.start()
    ids = [id for message in shuffled for id in bus.say(message)]
    until(lambda: bus.all_handled(ids), stepping=timedelta(seconds=10))
    assert set(bus.effects().values()) == {1}
    assert len(bus.effects()) == 60


@pytest.mark.row("A8")
def test_a_message_that_comes_too_early_waits_for_ever_without_being_parked(bus: Bus) -> None:
    bus.start()
    id = new_id()
    [early] = bus.say(paid(id))
    for _ in range(20):
        row = bus.row(early)
        tried_at = row.next_try_at if row else None
        until(lambda: (r := bus.row(early)) and r.next_try_at != tried_at, stepping=timedelta(hours=2))  # noqa: B023
    assert bus.states()[early] == "retrying"
    bus.say(created(id=id))
    until(lambda: bus.all_handled([early]), stepping=timedelta(hours=2))
    assert bus.effects() == {("created", id): 1, ("paid", id): 1}


def test_what_is_undone_says_nothing(bus: Bus) -> None:
    with pytest.raises(InvalidInput), bus.billing.unit(bus.society) as uow:
        uow.say(created())
        raise InvalidInput
    with bus.billing.session() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(OutboxRow)) == 0


def test_prompt_messages_overtake_bulk_messages(bus: Bus) -> None:
    run = bus.say(*[created() for _ in range(3000)], bulk=True)
    click = created()
    [prompt] = bus.say(click)
    bus.start()
    until(lambda: bus.all_handled([prompt]))
    until(lambda: bus.all_handled(run), seconds=60)
    assert bus.effects_in_order().index(click.invoice.id) < 1500


def test_societies_in_one_batch_stay_apart(bus: Bus) -> None:
    societies = [new_id() for _ in range(3)]
    ids = []
    for number in range(60):
        ids += bus.say(created(), changed(), society=societies[number % 3])
    bus.start()
    until(lambda: bus.all_handled(ids))
    for society in societies:
        assert sum(bus.effects(society).values()) == 40
        with bus.notifications.unit(society, reading=True) as uow:
            assert set(uow.session.scalars(sa.select(Effect.society_id))) == {society}


def test_stopping_finishes_what_is_in_hand(bus: Bus) -> None:
    ids = bus.say(*[created() for _ in range(2000)], bulk=True)
    bus.start()
    until(lambda: bus.effects())
    bus.stop()
    first = bus.effects()
    bus.start()
    until(lambda: bus.all_handled(ids), seconds=60, stepping=timedelta(seconds=1))
    assert set(bus.effects().values()) == {1}
    assert len(bus.effects()) == 2000 >= len(first)


def test_a_message_that_is_too_large_is_refused_when_it_is_said(bus: Bus) -> None:
    with pytest.raises(ValueError, match="too large"), bus.billing.unit(bus.society) as uow:
        uow.say(created("x" * 300_000))
    with pytest.raises(ValueError, match="too large"), bus.billing.unit(bus.society) as uow:
        uow.say(created("会" * 100_000))
