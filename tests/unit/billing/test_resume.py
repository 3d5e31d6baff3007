"""A run that is killed at any moment goes on, and nobody gets two invoices (B2+, E1, I5)."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time

import pytest

from services.billing import run_work, runs
from services.billing.models import RunResultRow
from shared.jobs import abandon_leases
from shared.messages.billing import InvoiceCreated
from tests.unit.billing.invariants import check
from tests.unit.billing.office import Office

WORKER = """
import sys
from services.billing.service import SERVICE
from shared import jobs
from shared.settings import Settings
running = SERVICE.start(Settings(service="billing", database=sys.argv[1], secret="x" * 40, token_public=Path("none")))
print("ready", flush=True)
while jobs.run_next(running):
    pass
"""
MEMBERS = 1_500


def killed_worker(office: Office, wait: float) -> None:
    """Let another process do the work and kill it -9 so many seconds after it has begun."""
    database = office.running.settings.database
    with subprocess.Popen([sys.executable, "-c", WORKER, database], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        try:
            worker.wait(timeout=wait)
        except subprocess.TimeoutExpired:
            worker.send_signal(signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.rule("B2+")
@pytest.mark.rule("E1")
@pytest.mark.rule("I5")
def test_a_run_killed_at_random_moments_goes_on(either_office: Office) -> None:
    office, chance = either_office, random.Random(20261121)
    office.add_people([{"category": chance.choice(["regular", "student", "honorary"])} for _ in range(MEMBERS)])
    run = office.plan()
    with office.running.unit(office.society) as uow:
        runs.start_run(uow, run)
    finish(office, run, "created", chance)
    with office.running.unit(office.society) as uow:
        runs.confirm_run(uow, run)
    finish(office, run, "confirmed", chance)
    assert len(office.invoices()) == office.scalar("SELECT count(DISTINCT payer_id) FROM invoices") == MEMBERS
    assert len(office.all(RunResultRow)) == MEMBERS
    said = [message.invoice.id for message in office.said(InvoiceCreated)]
    assert len(said) == len(set(said)) == MEMBERS
    done = office.run(run)
    assert (done.invoiced + done.nothing_due, done.total) == (MEMBERS, office.scalar("SELECT sum(total) FROM invoices"))
    check(office)


def finish(office: Office, run: str, state: str, chance: random.Random) -> None:
    for _attempt in range(2):
        killed_worker(office, chance.uniform(0.02, 0.5))
        abandon_leases(office.running)
    end = time.monotonic() + 60
    while office.run(run).state != state and time.monotonic() < end:
        abandon_leases(office.running)
        office.work()
    assert office.run(run).state == state


@pytest.mark.rule("E1")
def test_work_that_failed_is_taken_up_again_by_hand(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second piece of work knows nothing of the first one's cursor; the tables tell it where to go on."""
    office.add_people([{}] * 450)
    run = office.plan()
    with office.running.unit(office.society) as uow:
        runs.start_run(uow, run)
    stored, store = [0], run_work._store_drafts

    def fail_in_the_second_chunk(*args: object) -> None:
        store(*args)  # type: ignore[arg-type]
        stored[0] += 1
        if stored[0] == 2:
            raise RuntimeError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(run_work, "_store_drafts", fail_in_the_second_chunk)
        office.work()
    assert (office.run(run).state, len(office.invoices())) == ("creating", 200)
    with office.running.unit(office.society) as uow:
        runs.go_on(uow, run)
    office.work()
    assert (office.run(run).state, len(office.invoices())) == ("created", 450)


def test_no_chunk_is_larger_than_memory_should_hold() -> None:
    assert [run_work.chunk_size(n) for n in (1, 300, 5_000, 100_000, 1_000_000)] == [200, 200, 500, 10_000, 10_000]
