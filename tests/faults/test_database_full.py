"""Disks that are full: writes are refused with 503, reads go on; when there is room again, all goes on by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from deploy.stack.accounts import own
from deploy.stack.stack import Stack
from shared.ids import new_id
from tests.faults.books import hang_up
from tests.faults.desk import Desk, assert_declared
from tests.faults.load import DECLARED
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site
from tests.faults.test_database_conflicts import admin_of
from tests.servers.missing import missing
from tests.servers.stacks import start_what_died

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("stack-faults"),
    pytest.mark.timeout(1200),
]

MEGABYTE = 1024 * 1024


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-test-disk-"))
    options = f"size={megabytes}m,mode=0711"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        folder.rmdir()
        missing("tmpfs", "not allowed to mount one here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """To the last byte, and again while others give some back."""
    rubbish, stop = folder / "rubbish", threading.Event()
    _fill(rubbish)

    def fill_again() -> None:
        while not stop.wait(0.1):
            _fill(rubbish)

    filler = threading.Thread(target=fill_again, name="filler")
    filler.start()
    try:
        yield
    finally:
        stop.set()
        filler.join()
        rubbish.unlink()


def _fill(rubbish: Path) -> None:
    for size in (MEGABYTE, 512):
        with open(rubbish, "ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * size)


def _until_no_more_can_be_written(stack: Stack) -> None:
    """The database's log of changes has some files in reserve: they are written full."""
    with suppress(psycopg.OperationalError), admin_of(stack, "payments") as admin:
        for _ in range(1000):
            admin.execute("SELECT pg_logical_emit_message(false, 'full', repeat('x', 1048576))")
        raise AssertionError("a full disk took everything")


@pytest.mark.row("B7")
def test_a_full_database_refuses_and_goes_on_when_there_is_room(
    stack: Stack, site: Site, campaign: bool, score: Score
) -> None:
    """Payments' tables lie on a disk of their own."""
    office = Office.found(site)
    desk = Desk(site, office.society)
    with small_disk(64) as folder:
        own(folder / "tables", stack.postgres.process.user)
        with admin_of(stack, "payments") as admin:
            admin.execute(f"CREATE TABLESPACE small LOCATION '{folder}/tables'")
            admin.execute("ALTER TABLE payments SET TABLESPACE small")
            admin.execute("ALTER TABLE outbox SET TABLESPACE small")
            try:
                for _ in range(5 if campaign else 1):
                    bills = [invoice for invoice, _ in office.bill(60)]
                    with filled(folder):
                        score.injected()
                        refused = _until_refused(desk, bills)
                    with score.recovering():
                        assert desk.enter_surely([refused], key=new_id())[-1] == 201
                    score.judge(site)
            finally:
                admin.execute("ALTER TABLE payments SET TABLESPACE pg_default")
                admin.execute("ALTER TABLE outbox SET TABLESPACE pg_default")
                admin.execute("DROP TABLESPACE small")


def _until_refused(desk: Desk, bills: list[str]) -> str:
    """The last page of a table still has room for some; the memo makes it few."""
    for invoice in bills:
        answer = desk.enter([invoice], memo="満杯" * 400)
        if answer.status_code != 201:
            assert answer.status_code == 503
            assert_declared(answer)
            return invoice
    raise AssertionError("a full disk took everything")


@pytest.mark.campaign
@pytest.mark.row("B7")
def test_everything_on_one_full_disk(seed: int, score: Score) -> None:
    """Database with its log of changes, broker, logs, mail: a whole stack on 768 MB. What died is started again."""
    with small_disk(768) as folder:
        stack = Stack.start(folder / "home", web_workers=1)
        try:
            site = Site.of_stack(stack)
            os.environ["TSUDOI_CLOCK_FILE"] = str(stack.clock_file)
            office = Office.found(site)
            bills = office.bill(60)
            load = office.payers(bills[:20], seed=seed)
            try:
                site.wait_until(lambda: len(load.paid) >= 5)
                with filled(folder):
                    score.injected(4)
                    _until_no_more_can_be_written(stack)
                    for bill in bills[20:]:
                        load.ask(*bill)
                    site.wait_until(
                        lambda: any(status >= 500 for status in load.statuses),
                        seconds=60,
                        step=0,
                        why=lambda: f"{len(load.paid)} paid, answers {load.statuses}, {load.trouble}",
                    )
                stack.restart("rabbit")  # it lives, and serves no quorum queue any more: the runbook says so
                start_what_died(stack)
                load.finish(180)
            finally:
                load.stop()
            assert not load.trouble
            assert not [status for status in load.statuses if status >= 500 and status not in DECLARED], load.statuses
            score.judge(site, ambiguous=len(bills))
        finally:
            hang_up(Site.of_stack(stack).databases)
            stack.stop()
            shutil.rmtree(stack.home, ignore_errors=True)
            del os.environ["TSUDOI_CLOCK_FILE"]
