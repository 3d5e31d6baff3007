"""`bus`: each test that asks for it runs on the local bus over SQLite and PostgreSQL, and on RabbitMQ with PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared import clock
from tests.conformance import sample
from tests.conformance.buses import Bus

MakeBus = Callable[[str], Bus]


@pytest.fixture
def make_bus(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeBus]:
    """`make_bus("rabbit")`: `local-sqlite`, `local-postgres` or `rabbit`. Stopped and removed after the test."""
    made: list[Bus] = []

    def make(kind: str) -> Bus:
        databases: dict[str, str] = {}
        for service in (sample.BILLING, sample.NOTIFICATIONS, sample.LISTENER):
            if kind == "local-sqlite":
                app = owner = f"sqlite:///{tmp_path}/{service.name}.db"
            else:
                app, owner = request.getfixturevalue("fresh_database")(service.name)
            sample.make_tables(owner)
            databases[service.name] = app
        broker = request.getfixturevalue("fresh_vhost")() if kind == "rabbit" else ""
        running = {
            service.name: sample.start(service, databases[service.name], broker)
            for service in (sample.BILLING, sample.NOTIFICATIONS, sample.LISTENER)
        }
        bus = Bus(kind, running["billing"], running["notifications"], running["members"], broker)
        made.append(bus)
        return bus

    offset = clock._offset
    yield make
    clock._offset = offset
    for bus in made:
        bus.stop()
        for running in bus.services:
            running.stop()


@pytest.fixture(params=["local-sqlite", "local-postgres", "rabbit"])
def bus(request: pytest.FixtureRequest, make_bus: MakeBus) -> Bus:
    return make_bus(request.param)


@pytest.fixture(params=["local-postgres", "rabbit"])
def postgres_bus(request: pytest.FixtureRequest, make_bus: MakeBus) -> Bus:
    return make_bus(request.param)


@pytest.fixture
def rabbit(make_bus: MakeBus) -> Bus:
    return make_bus("rabbit")
