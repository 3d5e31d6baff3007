"""Two PostgreSQL servers, the second with every commit of the first: the first dies under load and nothing that was
confirmed is lost; the second does not answer and nothing is confirmed."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import psycopg
import pytest
import requests

from deploy.stack.stack import Stack
from shared.identity import Role
from shared.ids import new_id
from tests.faults.books import hang_up, reading
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site, today
from tests.faults.stream import wait_for
from tests.faults.visitors import Visitors
from tests.servers.stacks import fresh_stack

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

GATEWAY_WAITS = 60  # seconds
FAILED_OVER = 15.0  # seconds


@pytest.fixture
def guarded() -> Iterator[Stack]:
    """A full stack of its own, with a standby: after a fail-over it is not what it was."""
    with fresh_stack(standby=True) as stack:
        yield stack
        hang_up(Site.of_stack(stack).databases)


@pytest.mark.campaign
@pytest.mark.row("B4")
def test_the_primary_dies_under_load_and_nothing_that_was_confirmed_is_lost(
    guarded: Stack, monkeypatch: pytest.MonkeyPatch, seed: int, score: Score
) -> None:
    monkeypatch.setenv("TSUDOI_CLOCK_FILE", str(guarded.clock_file))
    site = Site.of_stack(guarded)
    office = Office.found(site)
    bills = office.bill(30)
    with Visitors(site, office.society, office.members, seed=seed) as visitors:
        load = office.payers(bills, seed=seed)
        try:
            site.wait_until(lambda: len(load.paid) >= 10)
            score.injected()
            hang_up(site.databases)
            guarded.fail_over()
            confirmed = len(visitors.entered)
            score.recovered(wait_for(lambda: len(visitors.entered) > confirmed + 5, seconds=60))
            load.site = Site.of_stack(guarded)
            load.finish()
        finally:
            load.stop()
    assert not load.trouble
    site = Site.of_stack(guarded)
    score.judge(site, ambiguous=1)  # the letter that was handed over as the primary died
    books = _entered(site, office.society)
    score.count(lost=len(set(visitors.entered) - books.keys()), doubled=sum(n > 1 for n in books.values()))
    assert score.recovery[0] <= FAILED_OVER


@pytest.mark.campaign
@pytest.mark.row("B4")
def test_while_the_standby_takes_nothing_in_nothing_is_confirmed_and_nothing_lost(
    guarded: Stack, monkeypatch: pytest.MonkeyPatch, score: Score
) -> None:
    """First it comes back; then, frozen again, it is all that is left."""
    monkeypatch.setenv("TSUDOI_CLOCK_FILE", str(guarded.clock_file))
    site = Site.of_stack(guarded)
    office = Office.found(site, 3)
    assert guarded.standby is not None
    receiver = guarded.standby.receiver()
    keys = [str(UUID(new_id())) for _ in range(6)]

    score.injected()
    receiver.send_signal(signal.SIGSTOP)
    with ThreadPoolExecutor(3) as pool:
        began = time.monotonic()
        answers = list(pool.map(lambda key: _enter(office, key), keys[:3]))
        waited = time.monotonic() - began
    assert answers == [503, 503, 503]
    assert GATEWAY_WAITS - 5 < waited < GATEWAY_WAITS + 30
    receiver.send_signal(signal.SIGCONT)
    with score.recovering():
        site.wait_until(lambda: _enter(office, keys[0]) == 201, step=0)
    wait_for(guarded.standby.in_step, seconds=30)
    assert [_enter(office, key) for key in keys[:3]] == [201, 201, 201]

    score.injected()
    receiver = guarded.standby.receiver()  # after a minute of silence the primary has hung up, and another one came
    receiver.send_signal(signal.SIGSTOP)
    waiting = [threading.Thread(target=_enter, args=(office, key)) for key in keys[3:]]
    for each in waiting:
        each.start()
    wait_for(lambda: _waiting_for_standby(guarded) >= 3, seconds=30)
    hang_up(site.databases)
    guarded.postgres.kill()
    receiver.send_signal(signal.SIGCONT)
    guarded.fail_over()
    for each in waiting:
        each.join(120)
    with score.recovering():
        site.wait_until(lambda: _enter(office, keys[3]) == 201, step=0)
    assert [_enter(office, key) for key in keys] == [201] * 6
    site = Site.of_stack(guarded)
    score.judge(site, ambiguous=1)  # the letter that was handed over as the primary died
    assert _entered(site, office.society) == dict.fromkeys(keys, 1)


def _enter(office: Office, key: str) -> int:
    """Have a payment entered; the status of the answer."""
    part = {"payer_id": office.members[0], "amount": 1_000}
    entry = {"method": "cash", "received_on": today(), "parts": [part], "entry_key": key}
    bearer = {"Authorization": f"Bearer {office.site.token(office.society, Role.ACCOUNTING)}"}
    address = f"{office.site.url}/payments/api/payments"
    return requests.post(address, json=entry, headers=bearer, timeout=120).status_code


def _waiting_for_standby(stack: Stack) -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    with psycopg.connect(stack.postgres.admin_url) as connection:
        row = connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])


def _entered(site: Site, society: str) -> dict[str, int]:
    """Key of each payment in the books → how often it stands there."""
    query = """SELECT split_part(entry_key, '/', 1) AS key, count(*) AS times FROM payments
               WHERE society_id = :society AND entry_key IS NOT NULL GROUP BY 1"""
    with reading({"payments": site.databases["payments"]}) as books:
        return {row.key: int(row.times) for row in books.rows("payments", query, society=society)}
