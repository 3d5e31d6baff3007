"""SQLite as the kit sets it up loses no update, and ignores what it does not know."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from shared.ids import new_id
from shared.service import RunningService
from tests.conformance.buses import Bus
from tests.conformance.sample import Effect


def _increase(running: RunningService, society: str, times: int) -> None:
    for _ in range(times):
        with running.unit(society) as uow:
            row = uow.session.scalars(sa.select(Effect).with_for_update()).one()
            row.revision += 1


def test_concurrent_read_and_write_loses_no_update(sqlite_bus: Bus) -> None:
    running, society = sqlite_bus.notifications, new_id()
    with running.unit(society) as uow:
        uow.add(Effect(subject=new_id(), kind="x", revision=0))
    threads = [threading.Thread(target=_increase, args=(running, society, 50)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with running.unit(society) as uow:
        assert uow.session.scalars(sa.select(Effect.revision)).one() == 200


def test_readers_do_not_wait_for_the_writer(sqlite_bus: Bus) -> None:
    running, society = sqlite_bus.notifications, new_id()
    with running.unit(society) as writer:
        writer.add(Effect(subject=new_id(), kind="x", revision=0))
        writer.session.flush()
        with running.unit(society, reading=True) as reader:
            assert reader.session.scalars(sa.select(Effect)).all() == []


def test_the_index_of_open_messages_is_used(sqlite_bus: Bus) -> None:
    statements: list[str] = []
    sa.event.listen(sqlite_bus.notifications.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    from shared.bus.retry import work_off

    work_off(sqlite_bus.notifications)
    asked = [statement for statement in statements if "FROM inbox" in statement]
    assert asked
    with sqlite_bus.notifications.engine.connect() as connection:
        for statement in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ("x",) * statement.count("?")).all()
            assert any("ix_inbox" in str(line) for line in plan), (statement, plan)
