"""Whose fault an error is, and where a process may be made to die."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from shared.db import make_engine
from shared.trouble import database_is_down, describe, is_contention


def test_a_database_that_does_not_answer_is_down(tmp_path: Path) -> None:
    engine = make_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")
    with pytest.raises(sa.exc.OperationalError) as refused:
        engine.connect()
    assert database_is_down(refused.value)
    for each in (errors.DiskFull, errors.TooManyConnections, errors.AdminShutdown, errors.ReadOnlySqlTransaction):
        assert database_is_down(each()), each
        assert database_is_down(sa.exc.DBAPIError("x", None, each())), each
    assert database_is_down(psycopg.OperationalError("the connection is closed"))
    assert database_is_down(sa.exc.TimeoutError())


def test_a_message_s_own_fault_is_not_the_database_s() -> None:
    own = (errors.DeadlockDetected, errors.UniqueViolation, errors.SerializationFailure, errors.QueryCanceled)
    for each in own:
        assert not database_is_down(sa.exc.DBAPIError("x", None, each())), each
    for other in (TimeoutError(), OSError(), ConnectionError(), MemoryError()):
        assert not database_is_down(other)


def test_who_only_waited_for_a_lock_is_told_apart() -> None:
    for each in (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable):
        assert is_contention(sa.exc.DBAPIError("x", None, each())), each
    for other in (errors.UniqueViolation(), errors.QueryCanceled(), sqlite3.OperationalError("x"), ValueError()):
        assert not is_contention(other)


def test_sqlite_s_errors_are_told_apart(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/a.db")
    with pytest.raises(sa.exc.OperationalError) as missing, engine.connect() as connection:
        connection.execute(sa.text("SELECT * FROM nothing"))
    assert not database_is_down(missing.value)
    blocker = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    impatient = sqlite3.connect(tmp_path / "a.db", isolation_level=None, timeout=0)
    with pytest.raises(sqlite3.OperationalError) as locked:
        impatient.execute("BEGIN IMMEDIATE")
    assert database_is_down(locked.value)
    blocker.close()
    impatient.close()
    engine.dispose()


def test_errors_are_described_without_people_s_data(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/b.db")
    with pytest.raises(sa.exc.OperationalError) as error, engine.connect() as connection:
        connection.execute(sa.text("SELECT :name FROM nothing"), {"name": "髙橋"})
    assert "髙橋" in str(error.value)
    assert "髙橋" not in describe(error.value)
    engine.dispose()


@pytest.mark.parametrize(
    "environment", [{"TSUDOI_CRASH_AT": "commit"}, {"TSUDOI_CRASH_AT": "x", "TSUDOI_TESTING": "1"}]
)
def test_crash_points_are_refused_outside_tests(environment: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-c", "import shared.crash"], env=environment, capture_output=True)
    assert done.returncode == 1
    assert b"CrashRefused" in done.stderr
