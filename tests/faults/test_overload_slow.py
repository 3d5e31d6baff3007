"""A provider or a mail server that is slow or swallows everything: only who needs it waits, and not for long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from deploy.stack.stack import Stack
from shared.identity import Role
from tests.faults.books import reading
from tests.faults.desk import Desk
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site
from tests.servers.proxy import Proxy

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

SLOW = 30.0  # seconds
CALLER = 20.0  # seconds: less than any client's, gateway's or browser's patience
OTHERS = 5.0  # seconds that any other route may take, on a busy machine


@contextmanager
def behind(stack: Stack, variable: str, address: str, processes: tuple[tuple[str, str], ...]) -> Iterator[Proxy]:
    """Processes that reach a server through a proxy only."""
    with Proxy.before(address) as proxy:
        try:
            for kind, service in processes:
                stack.restart(kind, service, env={variable: proxy.through(address)})
            yield proxy
        finally:
            proxy.heal()
            for kind, service in processes:
                stack.restart(kind, service)


@pytest.mark.row("C8")
@pytest.mark.parametrize("how", ["slow", pytest.param("black hole", marks=pytest.mark.campaign)])
def test_a_slow_provider_keeps_only_those_waiting_who_pay_by_it(
    stack: Stack, site: Site, campaign: bool, score: Score, how: str
) -> None:
    office = Office.found(site)
    payers = 40 if campaign else 12
    bills = office.bill(payers)
    sandbox = f"http://127.0.0.1:{stack.state.ports['sandbox']}/sandbox"
    with behind(stack, "TSUDOI_SANDBOX_URL", sandbox, (("web", "payments"), ("work", "payments"))) as proxy:
        well = _others(site, office, 20)
        proxy.replies.delay, proxy.replies.swallow = (SLOW, False) if how == "slow" else (0.0, True)
        score.injected(payers)
        with ThreadPoolExecutor(payers) as pool:
            choosing = [pool.submit(_choose, site, office.society, *bill) for bill in bills]
            ill = _others(site, office, 20)
            seconds = [each.result() for each in choosing]
        print(f"{how} provider: payers waited {max(seconds):.1f} s at most; others' worst {well:.2f} → {ill:.2f} s")
        assert max(seconds) < CALLER
        assert ill < OTHERS
        proxy.heal()
        with score.recovering():
            site.wait_until(lambda: _started(site, office.society) == payers, seconds=120)
    score.judge(site)


def _choose(site: Site, society: str, invoice: str, payer: str) -> float:
    headers = {"Authorization": f"Bearer {site.token(society, Role.MEMBER, person=payer)}"}
    form = {"method": "konbini", "chain": "lawson"}
    began = time.monotonic()
    address = f"{site.url}/payments/my/pay/{invoice}"
    answer = requests.post(address, data=form, headers=headers, timeout=60, allow_redirects=False)
    assert answer.status_code == 303, answer.text
    return time.monotonic() - began


def _others(site: Site, office: Office, times: int) -> float:
    """The longest answer to what does not need the provider, seconds."""
    longest = 0.0
    headers = Desk(site, office.society).headers
    for _ in range(times):
        for address in ("/payments/api/payments", "/payments/console/payments", "/billing/api/invoices"):
            began = time.monotonic()
            answer = requests.get(site.url + address, headers=headers, timeout=60)
            assert answer.status_code == 200, (address, answer.status_code)
            longest = max(longest, time.monotonic() - began)
    return longest


def _started(site: Site, society: str) -> int:
    """Attempts that the provider knows."""
    query = "SELECT count(*) FROM attempts WHERE society_id = :society AND reference IS NOT NULL"
    with reading({"payments": site.databases["payments"]}) as books:
        return int(books.one("payments", query, society=society))


@pytest.mark.row("C8")
def test_a_mail_server_that_answers_nothing_holds_up_letters_alone(
    stack: Stack, site: Site, seed: int, score: Score
) -> None:
    office = Office.found(site)
    smtp = f"smtp://127.0.0.1:{stack.state.ports['smtp']}"
    with behind(stack, "TSUDOI_SMTP", smtp, (("work", "notifications"),)) as proxy:
        proxy.replies.swallow = True
        score.injected()
        office.pay(office.bill(4), seed=seed, manner="cash")
        site.wait_until(lambda: _unsent(site, office.society) >= 4)
        proxy.heal()
        proxy.reset()
    score.judge(site)


def _unsent(site: Site, society: str) -> int:
    query = "SELECT count(*) FROM letters WHERE society_id = :society AND state IN ('queued', 'retrying', 'sending')"
    with reading({"notifications": site.databases["notifications"]}) as books:
        return int(books.one("notifications", query, society=society))
