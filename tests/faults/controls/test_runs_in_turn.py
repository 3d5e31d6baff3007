"""Two billing runs of one year at once: an advisory lock lets them take turns; the second sees what the first made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.billing import run_work, runs, selection
from shared import jobs
from shared.jobs import JobRow
from tests.servers.plugin import FreshDatabase
from tests.unit.billing import office as offices
from tests.unit.billing.office import Office

MEETING = 2.0  # seconds that one run waits for the other at the moment at which both know whom to ask


@pytest.fixture
def office(fresh_database: FreshDatabase, tmp_path: Path) -> Iterator[Office]:
    opened = offices.start(fresh_database("billing", migrated=True).app_url, tmp_path, migrated=True)
    opened.set_fees()
    opened.add_people([{} for _ in range(5)])
    yield opened
    opened.running.stop()


@pytest.mark.rule("I5")
@pytest.mark.guard("advisory-lock")
@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_lock_both_choose_the_same_members_and_one_fails(
    office: Office, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    both = threading.Barrier(2)
    choose = selection.members_after

    def choose_and_wait(*args: Any) -> Any:
        found = choose(*args)
        try:
            both.wait(MEETING)
        except threading.BrokenBarrierError:
            return found
        return found

    monkeypatch.setattr(selection, "members_after", choose_and_wait)
    if not guarded:
        monkeypatch.setattr(run_work, "_one_at_a_time", lambda *_: None)
    planned = [office.plan() for _ in range(2)]
    with office.running.unit(office.society) as uow:
        for run in planned:
            runs.start_run(uow, run)
    workers = [threading.Thread(target=jobs.run_next, args=(office.running,)) for _ in planned]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with office.running.unit(office.society, reading=True) as uow:
        states = sorted(uow.session.scalars(sa.select(JobRow.state)))
    assert states == (["done", "done"] if guarded else ["done", "failed"])
    assert len(office.invoices()) == 5, "the unique index is the last wall"
