"""Fixtures: `postgres_server`, `fresh_database`, `rabbit_server`, `fresh_vhost`, `full_stack`.

Servers are looked for in this order: an address in the environment (`TSUDOI_TEST_POSTGRES_URL`, a superuser's;
`TSUDOI_TEST_RABBIT_URL` with `TSUDOI_TEST_RABBIT_MANAGEMENT`), Docker, the machine's own programs on free ports."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Protocol

import pytest

from deploy.stack.stack import Stack
from tests.servers import missing, postgres, rabbit
from tests.servers.postgres import Database, PostgresServer
from tests.servers.rabbit import RabbitServer
from tests.servers.run import Run
from tests.servers.stacks import fresh_stack


class FreshDatabase(Protocol):
    """`fresh_database("billing")` is empty, `fresh_database("billing", migrated=True)` has the service's tables."""

    def __call__(self, service: str, *, migrated: bool = False) -> Database: ...


class FreshVhost(Protocol):
    """`fresh_vhost()` gives the amqp:// address of an empty virtual host."""

    def __call__(self) -> str: ...


@pytest.fixture(scope="session")
def server_run(pytestconfig: pytest.Config) -> Run:
    """What the processes of this run share."""
    return Run(pytestconfig)


@pytest.fixture(scope="session")
def postgres_server(server_run: Run) -> PostgresServer:
    """The PostgreSQL of this run, started by the first test that needs it."""
    notes = server_run.once(postgres.NAME, postgres.find)
    if "missing" in notes:
        missing.missing("PostgreSQL", notes["missing"])
    return PostgresServer(server_run, notes["admin_url"])


@pytest.fixture
def fresh_database(postgres_server: PostgresServer) -> Iterator[FreshDatabase]:
    """Makes databases for this test, each with its service's two roles; they are dropped after it."""
    yield postgres_server.create
    postgres_server.drop_all()


@pytest.fixture(scope="session")
def rabbit_server(server_run: Run) -> Iterator[RabbitServer]:
    """The RabbitMQ of this run, started by the first test that needs it."""
    notes = server_run.once(rabbit.NAME, rabbit.find)
    if "missing" in notes:
        missing.missing("RabbitMQ", notes["missing"])
    own = rabbit.rebuilt(notes["own"]) if "own" in notes else None
    server = RabbitServer(server_run, notes["url"], own, notes.get("management", ""))
    yield server
    server.drop_all()


@pytest.fixture
def fresh_vhost(rabbit_server: RabbitServer) -> FreshVhost:
    """Makes virtual hosts for this test."""
    return rabbit_server.create


@pytest.fixture(scope="session")
def full_stack() -> Iterator[Stack]:
    """The full stack with all services and no data; gone with its data at the end."""
    with fresh_stack(web_workers=2) as stack:
        yield stack


def pytest_configure(config: pytest.Config) -> None:
    """Told to end (by `timeout`, say), a run still stops what it started, as it does at Ctrl-C."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGTERM, interrupt)


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """The process that began the run ends the servers, when all workers have gone; nothing may interrupt it here."""
    if getattr(config, "_tmp_path_factory", None) is None:
        return
    run = Run(config)
    if run.leads:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        postgres.end(run)
        rabbit.end(run)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    missing.summary(terminalreporter)
