"""Onebox on SQLite: time to ready on a second start, and a run over 5,000 members until every letter is queued.
Straight (of the run): the same rows written into one SQLite file by executemany."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from datetime import date
from pathlib import Path

import requests

from deploy.stack.ports import free_port
from services.__main__ import start
from services.billing import fees, runs
from services.notifications.models import LetterRow
from services.payments.models import RequestRow
from shared.db import insert_rows
from shared.people import PersonRow
from tests.bench import report, world
from tests.bench.billing_run import bill, count


def main() -> None:
    n = report.size(5_000)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        first = seconds_to_ready(home)
        seconds = [seconds_to_ready(home) for _ in range(3)]
        took = run_over(Path(folder) / "run", n)
        report.tell(
            "onebox",
            n,
            took,
            "s",
            straight(Path(folder) / "straight.db", n),
            first_start_s=round(first, 2),
            second_start_s=round(sorted(seconds)[1], 2),
        )


def seconds_to_ready(home: Path) -> float:
    """From the start of the process to the first page answered; stopped again as Ctrl-C does."""
    port = free_port()
    environment = {**os.environ, "TSUDOI_HOME": str(home), "TSUDOI_PORT": str(port)}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "services"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            with suppress(requests.ConnectionError):
                if requests.get(f"http://127.0.0.1:{port}/members/login", timeout=5).ok:
                    return time.monotonic() - began
            assert process.poll() is None
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0


def run_over(home: Path, n: int) -> float:
    box = start(home, free_port(), demo=False)
    try:
        for running in box.services.values():
            with running.session() as session:
                session.add(world.society())
        for name in ("billing", "notifications"):
            with box.services[name].unit(world.SOCIETY) as uow:
                insert_rows(uow.session, PersonRow, (world.person(i) for i in range(n)))
        billing = box.services["billing"]
        with billing.unit(world.SOCIETY) as uow:
            fees.set_fee(uow, category="regular", fiscal_year=2026, annual_fee=10_000, title="年会費")
            run = runs.plan_run(
                uow, name="年会費", fiscal_year=2026, charge_start=date(2026, 4, 1), due_on=date(2027, 3, 31)
            )
        began = time.monotonic()
        bill(billing, run.id)
        world.wait_until(lambda: count(box.services["payments"], RequestRow) == n)
        world.wait_until(lambda: count(box.services["notifications"], LetterRow) >= n)
        return time.monotonic() - began
    finally:
        box.stop()


def straight(path: Path, n: int) -> float:
    """Invoice, outbox, two inboxes and two effects a member: six rows."""
    began = time.monotonic()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        for table in ("invoices", "outbox", "inbox_a", "inbox_b", "effect_a", "effect_b"):
            connection.execute(f"CREATE TABLE {table} (id TEXT PRIMARY KEY, body TEXT)")
            connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", ((f"{table}{i}", "x" * 600) for i in range(n)))  # noqa: S608
            connection.commit()
    return time.monotonic() - began


if __name__ == "__main__":
    main()
