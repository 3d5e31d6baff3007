"""Controls: with a guard off, what the guard is for does go wrong, so that the tests of faults test something.

The services' own use-cases have a second guard each (see test_messaging); a handler without one shows what the inbox
does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.bus.inbox import InboxRow
from shared.outbox import OutboxRow
from tests.conformance import sample
from tests.conformance.buses import Bus, until
from tests.conformance.conftest import SERVICES, running_bus
from tests.conformance.sample import created

MESSAGES = 20


def _bus(folder: Path) -> dict[str, str]:
    databases = {service.name: f"sqlite:///{folder}/{service.name}.db" for service in SERVICES}
    for url in databases.values():
        sample.make_tables(url)
    return databases


def _effects(bus: Bus) -> Counter[int]:
    """How many effects → of how many messages."""
    return Counter(bus.effects().values())


@pytest.mark.row("A7")
@pytest.mark.guard("inbox")
@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_inbox_a_repeated_message_has_a_second_effect(tmp_path: Path, guarded: bool) -> None:
    with running_bus("local-sqlite", _bus(tmp_path)) as bus:
        bus.start(relays=False)
        ids = bus.say(*[created() for _ in range(MESSAGES)])
        bus.say_again()
        until(lambda: bus.all_handled(ids))
        assert _effects(bus) == {1: MESSAGES}
        if not guarded:
            with bus.notifications.session() as session:
                session.execute(sa.delete(InboxRow))
        bus.say_again()
        [marker] = bus.say(created())
        bus.say_again()
        until(lambda: bus.all_handled([*ids, marker]))
        assert _effects(bus) == ({1: MESSAGES + 1} if guarded else {2: MESSAGES, 1: 1})


@pytest.mark.row("A2")
@pytest.mark.guard("mark-after-confirm")
@pytest.mark.parametrize("guarded", [True, False])
def test_a_message_marked_before_it_was_confirmed_is_lost(tmp_path: Path, guarded: bool) -> None:
    """The relay marks what the bus confirmed, afterwards; marked before, a crash in between loses it."""
    with running_bus("local-sqlite", _bus(tmp_path)) as bus:
        [lost] = bus.say(created())
        if not guarded:
            with bus.billing.session() as session:
                session.execute(sa.update(OutboxRow).values(sent_at=OutboxRow.said_at))
        [marker] = bus.say(created())
        bus.start()
        until(lambda: bus.all_handled([marker]))
        if guarded:
            until(lambda: bus.all_handled([lost]))
        assert bus.unsent() == 0
        assert (lost in bus.states()) == guarded
