"""Due work: one runner at a time, catching up, failures apart."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta

import pytest

from shared import clock
from shared.bus.ticker import tick
from shared.ids import new_id
from shared.local_copies import copy_society
from shared.messages.members import Society, SocietyChanged
from shared.service import Due, RunningService
from shared.uow import UnitOfWork
from tests.conformance.buses import Bus


class Work:
    """Notes for which societies it was done; fails for some."""

    def __init__(self) -> None:
        self.done: list[str | None] = []
        self.failing: set[str | None] = set()

    def __call__(self, uow: UnitOfWork) -> None:
        if uow.society_id in self.failing:
            raise RuntimeError
        self.done.append(uow.society_id)


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture(params=["sqlite_bus", "postgres_bus"])
def running(request: pytest.FixtureRequest, work: Work) -> RunningService:
    bus: Bus = request.getfixturevalue(request.param)
    found = bus.notifications
    found.service = dataclasses.replace(found.service, due_work=[Due("work", timedelta(hours=1), work)])
    for number in range(3):
        society = Society(id=new_id(), revision=1, slug=f"s{number}", name="会", name_en="s")
        with found.unit(society.id) as uow:
            copy_society(uow, SocietyChanged(society=society))
    return found


def _tick(running: RunningService) -> None:
    tick(running, threading.Event())


@pytest.mark.rule("C5")
def test_due_work_is_done_once_per_interval_for_each_society(running: RunningService, work: Work) -> None:
    _tick(running)
    _tick(running)
    assert sorted(map(str, work.done)) == sorted(running.societies())
    with clock.travel(by=timedelta(minutes=61)):
        _tick(running)
        _tick(running)
    assert len(work.done) == 6


@pytest.mark.rule("C5")
def test_after_a_long_downtime_it_is_caught_up_once(running: RunningService, work: Work) -> None:
    _tick(running)
    with clock.travel(by=timedelta(days=40)):
        _tick(running)
        _tick(running)
    assert len(work.done) == 6


@pytest.mark.rule("C5")
def test_two_tickers_never_work_at_once(running: RunningService, work: Work) -> None:
    threads = [threading.Thread(target=_tick, args=(running,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(work.done) == 3


def test_a_failure_stops_no_other_society_and_is_tried_again_soon(running: RunningService, work: Work) -> None:
    [bad, *good] = running.societies()
    work.failing.add(bad)
    _tick(running)
    _tick(running)
    assert sorted(map(str, work.done)) == sorted(good)
    work.failing.clear()
    with clock.travel(by=timedelta(seconds=61)):
        _tick(running)
    assert bad in work.done


def test_what_a_clock_wrote_that_was_ahead_holds_nothing_up(running: RunningService, work: Work) -> None:
    with clock.travel(by=timedelta(days=1)):
        _tick(running)
    done = len(work.done)
    _tick(running)
    assert len(work.done) == 2 * done
