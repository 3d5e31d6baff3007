"""A provider that is slow or silent: some wait for it, nobody for long, and the clock's other work has its turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from services.payments import asking
from services.payments.errors import ProviderSilent
from services.payments.patience import Patience
from shared import clock
from tests.unit.payments.test_pay_at_the_store import start
from tests.unit.payments.world import World


def test_only_some_wait_at_once_and_the_others_are_told_at_once() -> None:
    patience, go, inside = Patience(at_once=2), threading.Event(), threading.Barrier(3)

    def wait() -> None:
        with patience.turn():
            inside.wait(10)
            go.wait(10)

    waiting = [threading.Thread(target=wait) for _ in range(2)]
    for thread in waiting:
        thread.start()
    inside.wait(10)
    with pytest.raises(ProviderSilent), patience.turn():
        pass
    go.set()
    for thread in waiting:
        thread.join()
    with patience.turn():
        pass


def test_after_several_silences_nobody_asks_for_a_while() -> None:
    patience = Patience(silences=2, rest=60)
    for _ in range(2):
        with pytest.raises(ProviderSilent), patience.turn():
            raise ProviderSilent
    tried = False
    with pytest.raises(ProviderSilent), patience.turn():
        tried = True
    assert not tried


@contextmanager
def slow_answers(world: World, seconds: float) -> Iterator[list[str]]:
    inner, asked = world.gateway.apps["sandbox"], []

    def late(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"].startswith("/sandbox/api"):
            asked.append(environ["PATH_INFO"])
            threading.Event().wait(seconds)
        return inner(environ, start_response)

    world.gateway.apps["sandbox"] = late
    try:
        yield asked
    finally:
        world.gateway.apps["sandbox"] = inner


def test_a_round_of_asking_ends_in_time_and_the_next_goes_on_with_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PASS", 0.5)
    for _ in range(6):
        payer = world.person()
        start(world, payer, world.invoice(payer).id)
    with clock.travel(by=timedelta(hours=2)), slow_answers(world, 0.3) as asked:
        asking.ask_providers(world.running)
        first = set(asked)
        assert 1 <= len(first) <= 3
        while len(set(asked)) < 6:
            before = len(asked)
            asking.ask_providers(world.running)
            assert len(asked) > before, "who was asked about stands behind who was not"
