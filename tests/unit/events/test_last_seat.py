"""The last seat: many at once, on both databases, and the proof that the race is real where nothing guards it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from services.events.errors import AlreadyRegistered, EventFull
from services.events.models import EventRow, RegistrationRow
from services.events.registrations import cancel_registration, register
from services.events.seats import take_seat
from shared import clock
from shared.ids import new_id
from shared.service import RunningService
from shared.uow import UnitOfWork
from tests.unit.events.facts import SOCIETY, event_of, open_event, registered

THREADS = 16


def at_once(count: int, work: Callable[[int], bool]) -> int:
    """Run the work in many threads that start together. Returns how often it succeeded."""
    ready = threading.Barrier(THREADS)

    def run(number: int) -> bool:
        if number < THREADS:
            ready.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(run, range(count)))


def try_to_register(running: RunningService, event_id: str, person_id: str) -> bool:
    try:
        with running.unit(SOCIETY) as uow:
            register(uow, event_id, person_id)
    except (EventFull, AlreadyRegistered):
        return False
    return True


def live(running: RunningService, event_id: str) -> int:
    with running.unit(SOCIETY, reading=True) as uow:
        statement = sa.select(sa.func.count()).select_from(RegistrationRow)
        statement = statement.where(RegistrationRow.event_id == event_id, RegistrationRow.state != "cancelled")
        return uow.session.scalar(statement) or 0


@pytest.mark.rule("E15")
@pytest.mark.rule("I7")
@pytest.mark.parametrize("database", ["running", "on_postgres"])
def test_never_one_seat_too_many_and_none_left_over(database: str, request: pytest.FixtureRequest) -> None:
    running: RunningService = request.getfixturevalue(database)
    event_id = open_event(running, capacity=7)
    sold = at_once(60, lambda _: try_to_register(running, event_id, new_id()))
    assert sold == live(running, event_id) == event_of(running, event_id).taken == 7


@pytest.mark.rule("E15")
@pytest.mark.rule("I7")
def test_seats_that_are_given_back_are_sold_again_and_never_twice(on_postgres: RunningService) -> None:
    event_id = open_event(on_postgres, capacity=5)
    first = [registered(on_postgres, event_id).id for _ in range(5)]

    def cancel_or_register(number: int) -> bool:
        if number < 5:
            with on_postgres.unit(SOCIETY) as uow:
                cancel_registration(uow, first[number])
            return False
        return try_to_register(on_postgres, event_id, new_id())

    at_once(60, cancel_or_register)
    while try_to_register(on_postgres, event_id, new_id()):
        pass
    assert live(on_postgres, event_id) == event_of(on_postgres, event_id).taken == 5


@pytest.mark.rule("E15")
@pytest.mark.guard("seat")
def test_the_race_is_real_where_nothing_guards_it(on_postgres: RunningService) -> None:
    """The control: look first, then write. The same load sells too many, so the test above proves something."""
    event_id = open_event(on_postgres, capacity=3)
    looked = threading.Barrier(THREADS)

    def look_then_take(_: int) -> bool:
        with on_postgres.unit(SOCIETY) as uow:
            event = uow.get(EventRow, event_id)
            free = event.taken < (event.capacity or 0)
            looked.wait(timeout=30)
            if free:
                add_registration(uow, event_id)
            return free

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(look_then_take, range(THREADS)))
    assert live(on_postgres, event_id) == THREADS > 3


def test_the_database_itself_refuses_what_would_contradict(running: RunningService) -> None:
    event_id = open_event(running, capacity=1)
    with pytest.raises(sa.exc.IntegrityError), running.unit(SOCIETY) as uow:
        uow.session.execute(sa.update(EventRow).where(EventRow.id == event_id).values(taken=2))
    person = new_id()
    with pytest.raises(sa.exc.IntegrityError), running.unit(SOCIETY) as uow:
        add_registration(uow, event_id, person)
        add_registration(uow, event_id, person)
        uow.session.flush()
    with running.unit(SOCIETY) as uow:
        assert take_seat(uow, event_id) is not None
        assert take_seat(uow, event_id) is None


@pytest.mark.rule("E15")
@pytest.mark.parametrize("database", ["running", "on_postgres"])
def test_many_clicks_of_one_person_are_one_registration(database: str, request: pytest.FixtureRequest) -> None:
    running: RunningService = request.getfixturevalue(database)
    event_id, person = open_event(running, capacity=100), new_id()
    assert at_once(32, lambda _: try_to_register(running, event_id, person)) == 1
    assert live(running, event_id) == event_of(running, event_id).taken == 1


def add_registration(uow: UnitOfWork, event_id: str, person_id: str | None = None) -> None:
    uow.add(
        RegistrationRow(
            event_id=event_id,
            person_id=person_id or new_id(),
            state="placed",
            fee=0,
            tax_class="standard",
            placed_at=clock.now(),
        )
    )
