"""kill -9 of onebox in the middle of a billing run with payments coming in: nothing is lost and nothing done twice."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from deploy.stack.environment import inherited
from deploy.stack.ports import free_port
from deploy.stack.processes import Process
from services.billing.models import RunState
from shared.cli import SERVICES
from tests.faults.billing_run import STAGES, BillingRun
from tests.faults.books import hang_up
from tests.faults.load import DECLARED, Feeder, Payers
from tests.faults.score import Score
from tests.faults.site import EARLY, Site, found_society

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(600)]

MEMBERS = {True: 5_000, False: 1_500}  # in the campaign, in the short set
PAYMENTS = {True: 60, False: 20}


class Box:
    """One onebox in a process of its own, on SQLite."""

    def __init__(self, home: Path) -> None:
        self.home, port = home, free_port()
        databases = {name: f"sqlite:///{home / name}.db" for name in SERVICES}
        clock_file = home / "clock"
        env = {
            "TSUDOI_HOME": str(home),
            "TSUDOI_PORT": str(port),
            "TSUDOI_DEMO": "0",
            "TSUDOI_CLOCK_FILE": str(clock_file),
        }
        argv = [sys.executable, "-m", "services"]
        self.process = Process("onebox", argv, str(home / "onebox.log"), {**inherited(), **env}, str(Path.cwd()))
        given = {
            "TSUDOI_SECRET": "s" * 40,
            "TSUDOI_TOKEN_KEY": str(home / "keys" / "token-private.pem"),
            "TSUDOI_TOKEN_PUBLIC": str(home / "keys" / "token-public.pem"),
            **{f"TSUDOI_DATABASE_{name.upper()}": url for name, url in databases.items()},
        }
        self.site = Site(
            url=f"http://127.0.0.1:{port}",
            token_key=home / "keys" / "token-private.pem",
            clock_file=clock_file,
            databases={**databases, "sandbox": f"sqlite:///{home / 'sandbox.db'}"},
            env=lambda _: given,
        )

    def start(self) -> None:
        self.process.start()
        self.process.wait_ready(self._ready, 90)

    def _ready(self) -> bool:
        try:
            return requests.get(f"{self.site.url}/billing/health/ready", timeout=5).status_code == 200
        except requests.RequestException:
            return False


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    made = Box(tmp_path / "home")
    made.home.mkdir()
    monkeypatch.setenv("TSUDOI_CLOCK_FILE", str(made.site.clock_file))
    try:
        made.start()
        yield made
    finally:
        hang_up(made.site.databases)
        made.process.stop()


@pytest.mark.row("A6")
def test_killed_in_each_stage_of_a_run_it_goes_on_and_keeps_every_invariant(
    box: Box, seed: int, campaign: bool, score: Score
) -> None:
    chance = random.Random(seed)
    members, payments = MEMBERS[campaign], PAYMENTS[campaign]
    site = box.site
    society, _ = found_society(site, members)
    BillingRun(site, society, members=members, year=2025, yen={"early": 10_000}).whole()
    run = BillingRun(site, society, members=members)
    load = Payers(site, society, seed=seed).start()
    feeder = Feeder(load, limit=payments).start()
    try:
        for stage, begin, end in (
            (STAGES[0], run.start, RunState.CREATED),
            (STAGES[1], run.confirm, RunState.CONFIRMED),
            (STAGES[2], lambda: None, RunState.CONFIRMED),
        ):
            begin()
            share = chance.uniform(0.05, 0.9)
            site.wait_until(lambda: (run.progress(stage) or 0) >= share, look=0.01, seconds=120, why=run.state)  # noqa: B023
            box.process.kill()
            score.injected()
            with score.recovering():
                box.start()
            run.wait_for(end)
        site.wait_until(lambda: len(load.asked) >= payments, seconds=90, why=lambda: len(load.asked))
        load.finish()
    finally:
        feeder.stop()
        load.stop()
    score.judge(site)
    assert not load.trouble
    assert set(load.statuses) <= {200, 201, 302, 303, 409, *DECLARED}, load.statuses
    assert run.progress("creating") == run.progress("confirming") == 1
    assert run.progress("spreading") == 1 + 1 / EARLY
