"""Whose fault is an error: the database's, so that everybody waits, or the message's, which alone is tried again."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

_SQLSTATES = ("08", "53", "57P", "58")  # connection, resources (disk full, too many connections), shutdown, system
_READ_ONLY = "25006"  # what a standby says that has not been promoted yet
_CONTENTION = ("40P01", "40001", "55P03")  # deadlock, serialization, lock_timeout: nothing is wrong with who waited
_STOOD_STILL = "25P03"  # idle_in_transaction_session_timeout
_SQLITE = (
    "SQLITE_BUSY",
    "SQLITE_LOCKED",
    "SQLITE_IOERR",
    "SQLITE_FULL",
    "SQLITE_CANTOPEN",
    "SQLITE_READONLY",
    "SQLITE_NOMEM",
)


_UNIQUE = "23505"
_NOT_MIGRATED = ("42", "3F")
TRIES_AGAIN = 5
TRY_FOR = 8.0  # seconds; who waited so long for a lock tells the caller to come again

Result = TypeVar("Result")


def database_is_down(error: BaseException) -> bool:
    """Is it the database that fails, rather than the message? Then no attempt is counted and nothing is acked."""
    if isinstance(error, sa.exc.TimeoutError):
        return True
    if stood_still(error):
        return False
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and database_is_down(error.orig))
    if isinstance(error, psycopg.Error):
        state = error.sqlstate
        if state is None:
            return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
        return state.startswith(_SQLSTATES) or state == _READ_ONLY
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorname", "").startswith(_SQLITE)
    return False


def stood_still(error: BaseException) -> bool:
    """Did the server end our transaction because nothing came from us for too long? A handler that does so each time
    must not be tried for ever; a process that was frozen may try again."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.Error) and cause.sqlstate == _STOOD_STILL


def is_contention(error: BaseException) -> bool:
    """Did two transactions merely get into each other's way? The same again will do."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.Error) and cause.sqlstate in _CONTENTION


def is_double(error: BaseException) -> bool:
    """Did somebody else store the same at the same moment? Who looks again will find it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, psycopg.Error):
        return cause.sqlstate == _UNIQUE
    return getattr(cause, "sqlite_errorname", "") in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")


def tables_are_missing(error: BaseException) -> bool:
    """Does the database know the statement's tables, columns or our role's rights not (yet)?"""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, psycopg.Error) and (cause.sqlstate or "").startswith(_NOT_MIGRATED)


def again(do: Callable[[], Result]) -> Result:
    """Do a whole transaction; where another one merely was in its way, up to five times more, unless that took long."""
    began = time.monotonic()
    for tried in range(TRIES_AGAIN):
        try:
            return do()
        except DBAPIError as error:
            if not is_contention(error) or time.monotonic() - began > TRY_FOR:
                raise
        wait_a_moment(tried)
    return do()


def wait_a_moment(tried: int) -> None:
    """Longer each time, and random: those who met shall not meet again."""
    time.sleep(random.uniform(0.3, 1.0) * 0.02 * 2.0**tried)


def describe(error: BaseException) -> str:
    """For the operator's list of parked messages; without the parameters of SQL statements, which are people's data."""
    text = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return f"{type(error).__name__}: {text}"[:2000]
