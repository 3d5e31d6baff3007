"""Two writers on one SQLite file: whoever means to write says so before it reads (`BEGIN IMMEDIATE`)."""

from __future__ import annotations

import threading

import pytest
import sqlalchemy as sa

from shared.ids import new_id
from shared.service import RunningService
from tests.conformance.buses import Bus
from tests.conformance.sample import Effect

MEETING = 2.0  # seconds that the first gives the second to read what it has read; guarded, the second can't


@pytest.mark.guard("begin-immediate")
@pytest.mark.parametrize("guarded", [True, False])
def test_without_it_the_library_s_default_loses_an_update(sqlite_bus: Bus, guarded: bool) -> None:
    running, society = sqlite_bus.notifications, new_id()
    with running.unit(society) as uow:
        uow.add(Effect(subject=new_id(), kind="x", revision=0))
    if not guarded:
        running.engine.dispose()
        running.engine = sa.create_engine(running.settings.database)
    has_read = [threading.Event(), threading.Event()]

    def increase(running: RunningService, which: int) -> None:
        with running.unit(society) as uow:
            revision = uow.session.scalars(sa.select(Effect.revision)).one()
            has_read[which].set()
            has_read[1 - which].wait(MEETING)
            uow.session.execute(sa.update(Effect).values(revision=revision + 1))

    writers = [threading.Thread(target=increase, args=(running, which)) for which in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with running.unit(society) as uow:
        assert uow.session.scalars(sa.select(Effect.revision)).one() == (2 if guarded else 1)
