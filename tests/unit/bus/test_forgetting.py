"""Messages that were handled long ago are forgotten, without reading all the others."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from shared import clock
from shared.bus import inbox
from shared.bus.inbox import InboxRow
from shared.db import insert_rows
from shared.ids import new_id
from tests.conformance.buses import Bus

KEPT, OLD = 20_000, 50


def test_the_old_ones_are_found_by_their_index(postgres_bus: Bus) -> None:
    running, now = postgres_bus.notifications, clock.now()
    ages = [timedelta(days=40)] * OLD + [timedelta(days=1)] * KEPT
    with running.session() as session:
        insert_rows(session, InboxRow, [_row(now - age) for age in ages])
    asked: list[tuple[str, object]] = []
    with running.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        before = connection.execute(sa.text("SELECT count(*) FROM inbox")).scalar_one()
    sa.event.listen(running.engine, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    with running.session() as session:
        assert inbox.forget_handled(session, now - timedelta(days=30)) == OLD
    [(statement, values)] = [each for each in asked if each[0].startswith("DELETE FROM inbox")]
    with running.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM inbox")).scalar_one() == before - OLD
        connection.execute(sa.text("SET enable_seqscan = off"))
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values).all()  # type: ignore[arg-type]
    assert any("ix_inbox_handled_at" in str(line) for line in plan), plan


def _row(handled_at: object) -> dict[str, object]:
    return {
        "id": new_id(),
        "type": "billing.InvoiceCreated.v1",
        "state": "handled",
        "received_at": handled_at,
        "handled_at": handled_at,
        "bulk": False,
        "attempts": 0,
    }
