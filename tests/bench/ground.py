"""The two servers that benches of the bus run against, durable as in production, with our tables and the script's."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from alembic.migration import MigrationContext
from alembic.operations import Operations
from psycopg.conninfo import make_conninfo

from deploy.stack.databases import create_database
from deploy.stack.ports import free_port
from deploy.stack.postgres import Postgres
from deploy.stack.rabbit import Rabbit
from shared.bus.topology import declare_topology
from shared.db import KitBase, make_engine
from shared.migrations import isolate
from tests.bench import traffic
from tests.bench.straight_relay import TABLES

PASSWORD = "tsudoi-bench"


@dataclass(frozen=True)
class Ground:
    """Addresses, as plain values: they go to the processes that are measured."""

    admin: str  # a superuser's
    billing: str
    notifications: str
    straight: str  # for psycopg
    broker: str

    def empty(self, database: str, *tables: str) -> None:
        """What was in them is gone, as if it had never been."""
        self._as_superuser(database, f"TRUNCATE {', '.join(tables)}")

    def settle(self, database: str) -> None:
        """Statistics are fresh and dirty pages are written: no round pays for what its neighbour left."""
        self._as_superuser(database, "VACUUM ANALYZE", "CHECKPOINT")

    def _as_superuser(self, database: str, *statements: str) -> None:
        with psycopg.connect(make_conninfo(self.admin, dbname=database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def servers() -> Iterator[Ground]:
    """Fresh ones, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tsudoi-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        postgres = Postgres(folder / "postgres", free_port(), secrets.token_hex(16))
        rabbit = Rabbit(
            folder / "rabbit", free_port(), free_port(), free_port(), secrets.token_hex(16), secrets.token_hex(20)
        )
        try:
            postgres.start()
            rabbit.start()
            yield _prepare(postgres, rabbit)
        finally:
            rabbit.stop()
            postgres.stop()


def _prepare(postgres: Postgres, rabbit: Rabbit) -> Ground:
    for service in ("billing", "notifications", "straight"):
        create_database(postgres.admin_url, service, service, PASSWORD)
    ground = Ground(
        admin=postgres.admin_url,
        billing=postgres.url("billing", "billing", PASSWORD),
        notifications=postgres.url("notifications", "notifications", PASSWORD),
        straight=postgres.url("straight", "straight_owner", PASSWORD, driver="postgresql"),
        broker=rabbit.url(),
    )
    for service in ("billing", "notifications"):
        make_tables(postgres.url(service, f"{service}_owner", PASSWORD))
    with psycopg.connect(ground.straight) as connection:
        connection.execute(TABLES)
    declare_topology(ground.broker, [traffic.BILLING, traffic.NOTIFICATIONS])
    return ground


def make_tables(owner_url: str) -> None:
    """The kit's and the row that the handler writes, with the wall between societies."""
    engine = make_engine(owner_url, pool_size=1)
    with engine.begin() as connection:
        KitBase.metadata.create_all(connection)
        traffic.Base.metadata.create_all(connection)
        with Operations.context(MigrationContext.configure(connection)):
            isolate("notes")
    engine.dispose()
