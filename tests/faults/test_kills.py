"""kill -9 of everything in the middle of a billing run while payments come in: 5,000 members in the campaign, in the
short set fewer members and, drawn by the seed, fewer victims."""

from __future__ import annotations

import random
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from deploy.stack.stack import Stack
from services.billing.models import RunState
from tests.faults.billing_run import STAGES, BillingRun
from tests.faults.load import DECLARED, Feeder, Payers
from tests.faults.score import Score
from tests.faults.settling import forget_doubles
from tests.faults.site import EARLY, Site, found_society

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(600)]

MEMBERS = {True: 5_000, False: 1_500}  # in the campaign, in the short set
PAYMENTS = {True: 120, False: 40}
# the run itself stops when its worker or its database is gone: both are killed in both halves of it
IN_EACH_HALF = ("work-billing", "postgres")
ONCE = (
    "rabbit",
    "relay-billing",
    "relay-payments",
    "work-payments",
    "work-notifications",
    "web-payments",
    "web-billing",
)
FEW = 3  # of those, in the short set


@dataclass(frozen=True)
class Kill:
    """When a stage of the run has come so far, this one dies."""

    stage: str
    at: float
    victim: str


def schedule(seed: int, *, campaign: bool = True) -> list[Kill]:
    """In the order of the run; the same for the same seed."""
    chance = random.Random(seed)
    halves = zip(STAGES[:2], [IN_EACH_HALF] * 2 if campaign else [IN_EACH_HALF[:1], IN_EACH_HALF[1:]], strict=True)
    kills = [Kill(stage, chance.uniform(0.05, 0.9), name) for stage, names in halves for name in names]
    victims = ONCE if campaign else chance.sample(ONCE, FEW)
    kills += [Kill(chance.choice(STAGES), chance.uniform(0.05, 0.9), name) for name in victims]
    return sorted(kills, key=lambda kill: (STAGES.index(kill.stage), kill.at))


class Killer:
    """Kills by the schedule; each victim is started again at once, as its supervisor would."""

    def __init__(self, stack: Stack, run: BillingRun, kills: list[Kill]) -> None:
        self.done: list[Kill] = []
        self._stack, self._run, self._kills = stack, run, kills
        self._pool = ThreadPoolExecutor(len(kills))
        self._returning: dict[str, Future[None]] = {}

    def during(self, stage: str) -> None:
        """Watch one stage of the run until all that die in it have died."""
        for kill in [kill for kill in self._kills if kill.stage == stage]:
            self._run.site.wait_until(
                lambda: (self._run.progress(stage) or 0.0) >= kill.at,  # noqa: B023
                seconds=120,
                look=0.005,
                why=lambda: f"{kill} of {stage}: {self._run.state()} {self._run.progress(stage)}",  # noqa: B023
            )
            if before := self._returning.get(kill.victim):
                before.result(120)
            kind, _, service = kill.victim.partition("-")
            self._stack.kill(kind, service or None)
            self._returning[kill.victim] = self._pool.submit(self._stack.restart, kind, service or None)
            self.done.append(kill)

    def database_back(self) -> None:
        """Staff press the next button when the page answers again."""
        if returning := self._returning.get("postgres"):
            returning.result(120)

    def all_back(self) -> None:
        for returning in self._returning.values():
            returning.result(120)
        self._pool.shutdown()


@pytest.mark.row("A1")
@pytest.mark.row("A2")
@pytest.mark.row("A6")
def test_whatever_is_killed_in_a_run_nothing_is_lost_and_nothing_twice(
    stack: Stack, site: Site, seed: int, campaign: bool, score: Score
) -> None:
    kills = schedule(seed, campaign=campaign)
    members, payments = MEMBERS[campaign], PAYMENTS[campaign]
    score.injected(len(kills))
    print(f"TSUDOI_FAULT_SEED={seed}", *kills, sep="\n  ")
    society, _ = found_society(site, members)
    BillingRun(site, society, members=members, year=2025, yen={"early": 10_000}).whole()  # what the first payers pay
    run = BillingRun(site, society, members=members)
    killer = Killer(stack, run, kills)
    load = Payers(site, society, seed=seed).start()
    feeder = Feeder(load, limit=payments).start()
    try:
        run.start()
        killer.during("creating")
        run.wait_for(RunState.CREATED)
        killer.database_back()
        run.confirm()
        killer.during("confirming")
        run.wait_for(RunState.CONFIRMED)
        killer.during("spreading")
        killer.all_back()
        site.wait_until(lambda: len(load.asked) >= payments, seconds=90, why=lambda: len(load.asked))
        load.finish()
    finally:
        feeder.stop()
        load.stop()
    senders_killed = sum(kill.victim == "work-notifications" or kill.victim == "postgres" for kill in kills)
    score.judge(site, ambiguous=senders_killed)

    assert not load.trouble
    assert set(load.statuses) <= {200, 201, 303, 302, 409, *DECLARED}, load.statuses
    assert [kill.victim for kill in killer.done] == [kill.victim for kill in kills]
    assert run.progress("creating") == run.progress("confirming") == 1
    assert run.progress("spreading") == 1 + 1 / EARLY
    assert site.mail_folder is not None
    forget_doubles(site.mail_folder)


def test_the_schedule_follows_from_its_seed_and_kills_every_kind() -> None:
    assert schedule(7) == schedule(7) != schedule(8)
    for seed in range(50):
        kills = schedule(seed)
        assert {kill.victim for kill in kills} == {*IN_EACH_HALF, *ONCE}
        assert len(kills) == 2 * len(IN_EACH_HALF) + len(ONCE)
        assert len(schedule(seed, campaign=False)) == len(IN_EACH_HALF) + FEW
