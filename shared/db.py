"""Databases: PostgreSQL in production, SQLite in onebox. Column types and engine set-up that make both behave alike."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session

from shared import clock

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware moment in UTC. Naive values are refused; SQLite, which forgets zones, gives them back aware too."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# A server whose machine is gone says nothing more: without these, whoever waits for it would wait for hours.
NOTICE_A_DEAD_SERVER = {
    "keepalives_idle": 15,  # seconds of silence until it is asked
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds for it to acknowledge what we sent
}
WORTH_COPYING = 10  # rows; fewer are inserted the common way
MOST_AT_ONCE = 5_000  # rows in one JSON text: some megabytes
TRUSTED = 0.5  # seconds that a connection is taken for alive after it was used: under load, no round trip to ask

Id = sa.Uuid(as_uuid=False)
Json = sa.JSON()


def uuid_array(ids: Iterable[str | None]) -> str:
    """What PostgreSQL reads as an array of UUIDs: one text, rather than each id converted by itself."""
    return "{" + ",".join(id or "NULL" for id in ids) + "}"


class KitBase(DeclarativeBase):
    """Base of the kit's own tables, which stand in every service's database. Each service has one like it."""

    metadata = sa.MetaData(naming_convention=NAMING)


# Milliseconds. Whoever waits for a lock gives up before the page that waits for it; whoever holds one and does nothing
# (a frozen process) loses it while the others still wait: `shared.society.enter` sets that for the writers.
STATEMENT_TIMEOUT, LOCK_TIMEOUT, IDLE_TIMEOUT, IDLE_WRITER_TIMEOUT = 60_000, 5_000, 60_000, 8_000
POOL_TIMEOUT = 5.0  # seconds
QUICK = 1.0  # seconds


def make_engine(url: str, *, pool_size: int = 10) -> Engine:
    """An engine that neither loses updates on SQLite nor waits for ever on PostgreSQL.

    With a standby the URL names both servers and asks for the one that can be written to:
    `postgresql+psycopg://role:secret@/database?host=one:5432&host=two:5432&target_session_attrs=read-write`."""
    if url.startswith("sqlite"):
        return _sqlite_engine(url, pool_size)
    limits = {
        "statement_timeout": STATEMENT_TIMEOUT,
        "lock_timeout": LOCK_TIMEOUT,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
    }
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        connect_args={
            "connect_timeout": 5,
            **NOTICE_A_DEAD_SERVER,
            "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
        },
    )
    _ask_rested_connections(engine)
    event.listen(engine, "checkout", _agree_on_time)
    return engine


def _ask_rested_connections(engine: Engine) -> None:
    """A connection that has rested for a while is asked whether it lives before it is given out; where it does not,
    all of the pool are made anew."""

    @event.listens_for(engine, "checkin")
    def _note(_connection: object, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: Any, _proxy: object) -> None:
        used = record.info.get("used")
        if used is None or time.monotonic() - used < TRUSTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _agree_on_time(connection: Any, _record: object, _proxy: object) -> None:
    """Now and then: what the server's clock says. A broken connection is left to whoever took it."""
    if not clock.is_doubtful():
        return
    with suppress(psycopg.Error):
        asked = time.monotonic()
        [theirs] = connection.execute("SELECT clock_timestamp()").fetchone()
        connection.rollback()
        if time.monotonic() - asked < QUICK:  # frozen in between, we would take an old time for a new one
            clock.agree(theirs)


def read_only(engine: Engine) -> Engine:
    """The same connections, for transactions that only read: on SQLite they don't queue behind the writer."""
    return engine.execution_options(tsudoi_read_only=True, postgresql_readonly=True)


def lone_statements(engine: Engine) -> Engine:
    """The same connections, for statements that read and stand alone: each is its own transaction."""
    if engine.dialect.name != "postgresql":
        return read_only(engine)
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    path = sa.make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url, pool_size=pool_size, max_overflow=20, connect_args={"timeout": 30, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # pysqlite must not open transactions by itself: it would open them too late
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        lone_reader = connection.get_execution_options().get("tsudoi_read_only")
        connection.exec_driver_sql("BEGIN" if lone_reader else "BEGIN IMMEDIATE")

    return engine


def insert_rows(session: Session, table: type[DeclarativeBase], rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert many rows as fast as the database takes them. Returns how many.

    All rows must have the same keys; Python-side column defaults are not applied; no column may hold bytes."""
    listed = list(rows)
    if not listed:
        return 0
    target = table.__table__
    assert isinstance(target, sa.Table)
    session.flush()
    connection = session.connection()
    if connection.dialect.name != "postgresql" or len(listed) <= WORTH_COPYING:
        connection.execute(sa.insert(target), listed if len(listed) > 1 else listed[0])
    elif "society_id" in target.c:  # COPY is refused where row-level security guards a table
        for start in range(0, len(listed), MOST_AT_ONCE):
            _insert_as_json(connection, target, listed[start : start + MOST_AT_ONCE])
    else:
        _copy(connection, target, listed)
    return len(listed)


def update_rows(session: Session, table: type[DeclarativeBase], rows: Iterable[Mapping[str, Any]]) -> None:
    """Change many rows, each found by its `id`, as fast as the database takes them.

    All rows must have the same keys; Python-side column defaults are not applied; no column may hold bytes. Objects
    that the session holds do not notice."""
    listed = list(rows)
    if not listed:
        return
    target = table.__table__
    assert isinstance(target, sa.Table)
    session.flush()
    connection = session.connection()
    if connection.dialect.name == "postgresql" and len(listed) > WORTH_COPYING:
        for start in range(0, len(listed), MOST_AT_ONCE):
            _update_as_json(connection, target, listed[start : start + MOST_AT_ONCE])
        return
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in listed[0] if name != "id"}
    statement = sa.update(target).where(target.c.id == sa.bindparam("new_id")).values(values)
    connection.execute(statement, [{f"new_{name}": value for name, value in row.items()} for row in listed])


def _insert_as_json(connection: Connection, target: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """One parameter and one round trip: quoting arrays costs the client five times as much."""
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in rows[0])
    insert = f"INSERT INTO {quote(target.name)} ({names}) SELECT {names} FROM {_as_table(connection, target, rows[0])}"
    connection.execute(sa.text(insert), {"rows": msgspec.json.encode(rows).decode()})


def _update_as_json(connection: Connection, target: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    values = ", ".join(f"{quote(name)} = new.{quote(name)}" for name in rows[0] if name != "id")
    source, table = _as_table(connection, target, rows[0]), quote(target.name)
    update = f"UPDATE {table} SET {values} FROM {source} WHERE {table}.id = new.id"
    connection.execute(sa.text(update), {"rows": msgspec.json.encode(rows).decode()})


def _as_table(connection: Connection, target: sa.Table, row: Mapping[str, Any]) -> str:
    """What reads the parameter `rows` as rows `new` of the target's types."""
    quote = connection.dialect.identifier_preparer.quote
    types = ", ".join(f"{quote(name)} {target.c[name].type.compile(connection.dialect)}" for name in row)
    return f"json_to_recordset(CAST(:rows AS json)) AS new({types})"


def _copy(connection: Connection, target: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    from psycopg import sql

    names = list(rows[0])
    types = [target.c[name].type.dialect_impl(connection.dialect) for name in names]
    converters = [each.bind_processor(connection.dialect) for each in types]
    driver: Any = connection.connection.driver_connection
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in names)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(target.name), columns)
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([c(row[n]) if c else row[n] for n, c in zip(names, converters, strict=True)])
