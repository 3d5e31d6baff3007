"""A herd: everybody registers in the moment in which registration opens; all consumers come back at once."""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import requests

from deploy.stack.stack import Stack
from deploy.stack.state import SERVICES
from tests.faults.books import reading
from tests.faults.desk import assert_declared
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site
from tests.faults.test_database_held import an_event, register

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

FULL = 409
WITHIN = 10.0  # seconds in which all of them come
LONGEST = 60.0  # seconds for any one answer


@dataclass
class Herd:
    """What its members saw."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def come(self, site: Site, society: str, event: str, people: Sequence[str], chance: random.Random) -> None:
        """Each at a moment of its own; who is told to come again does so when told, until there is an answer."""
        starts = [(chance.uniform(0, WITHIN), person) for person in people]
        began = time.monotonic()

        def one(start: tuple[float, str]) -> None:
            time.sleep(max(0.0, began + start[0] - time.monotonic()))
            while True:
                asked = time.monotonic()
                answer = self._ask(site, society, event, start[1])
                self.seconds.append(time.monotonic() - asked)
                self.statuses[answer.status_code] += 1
                if answer.status_code in (201, FULL):
                    return
                assert_declared(answer)
                time.sleep(int(answer.headers["Retry-After"]) * chance.uniform(0.5, 1.0))

        with ThreadPoolExecutor(min(len(people), 400)) as pool:
            list(pool.map(one, sorted(starts)))

    def _ask(self, site: Site, society: str, event: str, person: str) -> requests.Response:
        return register(site, society, event, person, timeout=LONGEST)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.seconds, n=100)[98]


@pytest.mark.row("C7")
def test_never_one_seat_too_many_and_everybody_is_answered(
    stack: Stack, site: Site, seed: int, campaign: bool, score: Score
) -> None:
    clients = 2_000 if campaign else 150
    seats = clients // 4
    office = Office.found(site, clients)
    event = an_event(site, office.society, capacity=seats)
    herd = Herd()
    score.injected(clients)
    herd.come(site, office.society, event, office.members, random.Random(seed))
    print(f"herd of {clients}: {dict(herd.statuses)}, p99 {herd.p99:.2f} s, worst {max(herd.seconds):.2f} s")
    with reading({"events": site.databases["events"]}) as books:
        query = "SELECT count(*) FROM registrations WHERE event_id = :event AND state <> 'cancelled'"
        sold = int(books.one("events", query, event=event))
        taken = int(books.one("events", "SELECT taken FROM events WHERE id = :event", event=event))
    score.count(lost=max(0, seats - sold), doubled=max(0, sold - seats))
    assert taken == sold
    score.judge(site)


@pytest.mark.row("C7")
def test_all_consumers_start_at_once_before_a_full_queue(
    stack: Stack, site: Site, seed: int, campaign: bool, score: Score
) -> None:
    office = Office.found(site)
    names = SERVICES if campaign else ("billing", "notifications")
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: stack.kill("work", name), names))
        bills = office.bill(400 if campaign else 40, wait=False)
        score.injected(len(names))
        list(pool.map(lambda name: stack.restart("work", name), names))
    with score.recovering():
        site.wait_until(
            lambda: office.count("payments", "requests", [id for id, _ in bills]) == len(bills), step=0, seconds=120
        )
    office.pay(bills[:10], seed=seed, manner="cash")
    score.judge(site)
