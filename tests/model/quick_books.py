"""The books of the world in this process, read after every single step: the same questions, without the ORM's price."""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa

from tests.faults.books import Books


class QuickBooks(Books):
    """For SQLite alone. Knows which databases were written since it was asked last."""

    def __init__(self, databases: Mapping[str, str], *, apart: frozenset[str]) -> None:
        self._open = {name: _connect(url) for name, url in databases.items()}
        self._seen: dict[str, int] = {}
        self.services = [name for name in databases if name not in apart]

    def rows(self, database: str, statement: str, **values: Any) -> list[Any]:
        return self._open[database].execute(statement, values).fetchall()

    def written(self) -> set[str]:
        versions = {name: int(c.execute("PRAGMA data_version").fetchone()[0]) for name, c in self._open.items()}
        found = {name for name, version in versions.items() if self._seen.get(name) != version}
        self._seen = versions
        return found

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()


def _connect(url: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{sa.make_url(url).database}?mode=ro", uri=True, isolation_level=None)
    connection.row_factory = _row
    return connection


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple.__new__(_kind(tuple(column[0] for column in cursor.description)), values)


@cache
def _kind(names: tuple[str, ...]) -> type[tuple[Any, ...]]:
    return namedtuple("Row", names, rename=True)
