"""Connections that rest in the pool may have died there: whoever takes one gets one that lives."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from shared import db
from tests.conformance.buses import until
from tests.servers.plugin import FreshDatabase
from tests.servers.postgres import PostgresServer


@pytest.fixture
def engine(fresh_database: FreshDatabase) -> Iterator[Engine]:
    made = db.make_engine(fresh_database("billing").app_url, pool_size=3)
    yield made
    made.dispose()


def rest_and_die(engine: Engine, server: PostgresServer) -> None:
    """Three connections come back to the pool; then the server ends them."""
    together = [engine.connect() for _ in range(3)]
    for each in together:
        each.execute(sa.text("SELECT 1"))
    for each in together:
        each.close()
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        name = engine.url.database
        ended = admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        assert len(ended.fetchall()) == 3
        gone = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
        until(lambda: admin.execute(gone, [name]).fetchone() == (0,))


def ask(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT 1")).scalar_one())


@pytest.mark.row("B1")
def test_a_connection_that_died_while_it_rested_is_never_given_out(
    engine: Engine, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "TRUSTED", 0.0)  # all have rested long enough
    rest_and_die(engine, postgres_server)
    assert [ask(engine) for _ in range(4)] == [1] * 4


@pytest.mark.row("B1")
def test_one_failure_at_most_where_a_connection_is_trusted_unasked(
    engine: Engine, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "TRUSTED", 3600.0)
    rest_and_die(engine, postgres_server)
    with pytest.raises(OperationalError):
        ask(engine)
    assert [ask(engine) for _ in range(4)] == [1] * 4, "the others in the pool were thrown away with it"
