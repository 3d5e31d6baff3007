"""All databases of a site as an auditor reads them: plain SQL, every society, one transaction each that is
never committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa


class Books:
    """Read with `rows`; what `spoil` does is undone at the end (`reading`)."""

    def __init__(self, connections: Mapping[str, sa.Connection]) -> None:
        self._connections = connections
        self.services = [name for name in connections if name != "sandbox"]

    def rows(self, database: str, statement: str, **values: Any) -> list[Any]:
        connection = self._connections[database]
        if connection.dialect.name == "sqlite":  # where ids are kept without hyphens
            values = {name: str(value).replace("-", "") for name, value in values.items()}
        return list(connection.execute(sa.text(statement), values))

    def one(self, database: str, statement: str, **values: Any) -> Any:
        return self.rows(database, statement, **values)[0][0]

    def spoil(self, database: str, *statements: str) -> None:
        """Break something on purpose, past all triggers, for as long as the books are open."""
        connection = self._connections[database]
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            connection.execute(sa.text("SET LOCAL lock_timeout = '20s'"))
        for statement in statements:
            done = connection.execute(sa.text(statement))
            assert done.rowcount != 0, f"nothing to break: {statement}"


@contextmanager
def reading(databases: Mapping[str, str]) -> Iterator[Books]:
    connections: dict[str, sa.Connection] = {}
    try:
        for name, url in databases.items():
            connections[name] = _engine(url).connect()
        yield Books(connections)
    finally:
        for connection in connections.values():
            connection.close()  # with a rollback


@cache
def _engine(url: str) -> sa.Engine:
    """Kept: whoever watches a run from outside looks hundreds of times, and a login costs more than the look."""
    return sa.create_engine(url, pool_size=4, max_overflow=8, pool_pre_ping=True)


def hang_up(databases: Mapping[str, str]) -> None:
    """For a site that is about to go."""
    for url in databases.values():
        _engine(url).dispose()


def id_of(value: Any) -> str:
    """Ids look alike whichever database they come from."""
    return str(value if isinstance(value, UUID) else UUID(str(value)))
