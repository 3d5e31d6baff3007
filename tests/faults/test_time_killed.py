"""A web process dies in the middle of a request: no half effect, and the same key finds what was done."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.stack.stack import Stack
from shared.ids import new_id
from tests.faults.desk import Desk
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site
from tests.faults.test_database_conflicts import _request_ids, _wait_for_waiting, admin_of
from tests.faults.test_database_held import family

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]


@pytest.mark.row("C1")
def test_a_worker_killed_in_a_request_leaves_no_half_of_it(
    stack: Stack, site: Site, seed: int, campaign: bool, score: Score
) -> None:
    """Its first row is locked and changed nothing yet, its second is awaited; gunicorn starts another worker."""
    office = Office.found(site)
    desk = Desk(site, office.society)
    for _ in range(10 if campaign else 2):
        bills = [invoice for invoice, _ in office.bill(2)]
        key = new_id()
        with admin_of(stack, "payments") as other, ThreadPoolExecutor(1) as pool:
            _, second = _request_ids(other, bills)
            with other.transaction():
                other.execute("SELECT FROM requests WHERE id = %s FOR UPDATE", [second])
                entering = pool.submit(desk.enter_surely, bills, key=key)
                _wait_for_waiting(stack, site)
                _master, *workers = family(stack, "web", "payments")
                for each in workers:
                    each.kill()
            score.injected()
            with score.recovering():
                answers = entering.result()
        assert answers[0] != 201 and answers[-1] == 201, answers
        assert desk.entered([key]) == {key: 2}
    score.judge(site)


@pytest.mark.campaign
@pytest.mark.row("C1")
def test_workers_killed_at_any_moment_under_load(stack: Stack, site: Site, seed: int, score: Score) -> None:
    chance = random.Random(seed)
    office = Office.found(site)
    load = office.payers(office.bill(150), seed=seed)
    try:
        while len(load.paid) < len(load.asked) and not load.trouble:
            before = len(load.paid)
            _master, *workers = family(stack, "web", chance.choice(("payments", "payments", "billing")))
            for each in workers:
                each.kill()
            score.injected()
            wanted = min(len(load.asked), before + chance.randint(1, 6))
            site.wait_until(lambda: len(load.paid) >= wanted or load.trouble, look=0.05)  # noqa: B023
    finally:
        load.stop()
    assert not load.trouble
    score.judge(site)
