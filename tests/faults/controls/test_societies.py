"""PostgreSQL's own wall between societies stands behind the session's filter, for the statement that has none."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from shared.db import make_engine
from shared.ids import new_id
from tests.conformance import sample
from tests.conformance.sample import Effect
from tests.servers.plugin import FreshDatabase

UNFILTERED: Any = sa.select(Effect.__table__.c.society_id)  # the session adds its filter to mapped classes only


@pytest.mark.rule("S3")
@pytest.mark.guard("row-level-security")
@pytest.mark.parametrize("guarded", [True, False])
def test_without_it_a_statement_without_a_society_sees_all_of_them(
    fresh_database: FreshDatabase, guarded: bool
) -> None:
    database = fresh_database("notifications")
    sample.make_tables(database.owner_url)
    if not guarded:
        owner = make_engine(database.owner_url, pool_size=1)
        with owner.begin() as connection:
            connection.execute(sa.text("ALTER TABLE effects DISABLE ROW LEVEL SECURITY"))
        owner.dispose()
    running = sample.start(sample.NOTIFICATIONS, database.app_url)
    ours, theirs = new_id(), new_id()
    try:
        for society in (ours, theirs):
            with running.unit(society) as uow:
                uow.add(Effect(subject=new_id(), kind="x", revision=1))
        with running.unit(ours) as uow:
            seen = set(uow.session.scalars(UNFILTERED))
    finally:
        running.stop()
    assert seen == ({ours} if guarded else {ours, theirs})
