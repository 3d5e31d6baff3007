"""The connection to the database breaks between a COMMIT and its answer: nobody knows, and the same key tells."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from deploy.stack.stack import Stack
from shared.ids import new_id
from tests.faults.desk import Desk
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site
from tests.servers.proxy import Proxy

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

COMMITTED = b"COMMIT\x00"
AT_A_TIME = 50  # invoices


@pytest.fixture
def proxy(stack: Stack) -> Iterator[Proxy]:
    """Between payments' web process and its database."""
    address = stack.database_url("payments")
    with Proxy.before(address) as between:
        stack.restart("web", "payments", env={"TSUDOI_DATABASE_PAYMENTS": between.through(address)})
        yield between
        between.heal()
        stack.restart("web", "payments")


class _Cutter:
    """Cuts at some of the commits, and counts."""

    def __init__(self, seed: int) -> None:
        self.cuts = 0
        self._chance = random.Random(seed)

    def __call__(self, reply: bytes) -> bool:
        cut = COMMITTED in reply and self._chance.random() < 0.5
        self.cuts += cut
        return cut


@pytest.mark.row("B2")
def test_a_commit_whose_answer_never_came_is_found_by_its_key(
    site: Site, proxy: Proxy, seed: int, campaign: bool, score: Score
) -> None:
    office = Office.found(site)
    desk, cutter = Desk(site, office.society), _Cutter(seed)
    wanted, keys, unknown = 1_000 if campaign else 10, [], 0
    while cutter.cuts < wanted:
        for invoice, _ in office.bill(min(AT_A_TIME, wanted)):
            keys.append(new_id())
            proxy.replies.trips = cutter
            answers = desk.enter_surely([invoice], key=keys[-1])
            proxy.heal()
            unknown += len(answers) > 1
    score.injected(cutter.cuts)
    found = desk.entered(keys)
    score.count(
        lost=sum(count == 0 for count in found.values()), doubled=sum(max(0, count - 1) for count in found.values())
    )
    assert unknown > 0
    score.judge(site)
