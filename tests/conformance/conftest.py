"""`bus`: a test that asks for it runs on the local bus over SQLite and PostgreSQL, and on RabbitMQ with PostgreSQL."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from deploy.stack.errors import StackError
from deploy.stack.ports import free_port
from deploy.stack.rabbit import Rabbit
from shared import clock
from tests.conformance import sample
from tests.conformance.buses import Bus
from tests.conformance.own_broker import tune
from tests.servers import missing
from tests.servers.plugin import FreshDatabase, FreshVhost

structlog.configure(  # plain lines; the default draws every local variable of a traceback, which takes seconds
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
    ]
)
SERVICES = (sample.BILLING, sample.NOTIFICATIONS, sample.LISTENER)


@contextmanager
def running_bus(kind: str, databases: dict[str, str], broker: str = "") -> Iterator[Bus]:
    """Stopped afterwards, and the clock put back."""
    running = {service.name: sample.start(service, databases[service.name], broker) for service in SERVICES}
    bus = Bus(kind, running["billing"], running["notifications"], running["members"], broker)
    offset = clock._offset
    try:
        yield bus
    finally:
        clock._offset = offset
        bus.stop()
        for service in bus.services:
            service.stop()


def make_databases(fresh_database: FreshDatabase) -> dict[str, str]:
    """Addresses of one PostgreSQL database per service, as the service's role."""
    databases = {service.name: fresh_database(service.name) for service in SERVICES}
    for database in databases.values():
        sample.make_tables(database.owner_url)
    return {name: database.app_url for name, database in databases.items()}


@pytest.fixture
def sqlite_bus(tmp_path: Path) -> Iterator[Bus]:
    databases = {service.name: f"sqlite:///{tmp_path}/{service.name}.db" for service in SERVICES}
    for url in databases.values():
        sample.make_tables(url)
    with running_bus("local-sqlite", databases) as bus:
        yield bus


@pytest.fixture
def postgres_bus(fresh_database: FreshDatabase) -> Iterator[Bus]:
    """The local bus on PostgreSQL."""
    with running_bus("local-postgres", make_databases(fresh_database)) as bus:
        yield bus


@pytest.fixture
def rabbit(fresh_database: FreshDatabase, fresh_vhost: FreshVhost) -> Iterator[Bus]:
    with running_bus("rabbit", make_databases(fresh_database), fresh_vhost()) as bus:
        yield bus


@pytest.fixture(params=["sqlite_bus", "postgres_bus", "rabbit"])
def bus(request: pytest.FixtureRequest) -> Bus:
    found: Bus = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def own_rabbit() -> Iterator[Rabbit]:
    """A broker for tests that kill it or set it otherwise."""
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-test-rabbit-"))
    folder.chmod(0o711)
    ports = (free_port(), free_port(), free_port())
    rabbit = Rabbit(folder / "server", *ports, secrets.token_hex(16), secrets.token_hex(20))
    try:
        rabbit.start()
    except StackError as trouble:
        missing.missing("RabbitMQ", str(trouble))
    # a dead letter that finds no way is tried again so much later; by default after 3 minutes
    tune(rabbit, dead_letter_worker_publisher_confirm_timeout=1000)
    yield rabbit
    rabbit.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_bus(own_rabbit: Rabbit, fresh_database: FreshDatabase) -> Iterator[Bus]:
    with running_bus("rabbit", make_databases(fresh_database), own_rabbit.url()) as bus:
        yield bus
