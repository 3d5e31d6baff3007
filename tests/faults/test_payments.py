"""Notices of the provider at the gateway of a full stack; all kinds and orders: tests/unit/payments/test_notices."""

from __future__ import annotations

import hashlib
import hmac
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from deploy.stack.stack import Stack
from shared import clock
from shared.identity import Role
from tests.faults.books import id_of, reading
from tests.faults.office import Office
from tests.faults.settling import settle, violations
from tests.faults.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(300)]

# what happens to a slip: scanned, walked away, scanned again, paid, stopped
LIFECYCLES = (
    ("scan", "withdraw", "scan", "pay"),
    ("scan", "withdraw", "scan", "withdraw", "pay"),
    ("pay",),
    ("cancel",),
    ("scan", "withdraw", "cancel"),
    ("scan", "pay"),
)


def notify(site: Site, stack: Stack, society: str, body: str) -> int:
    """A notice with the provider's signature."""
    time = int(clock.now().timestamp())
    secret = stack.env("payments")["TSUDOI_SANDBOX_SECRET"].encode()
    signature = hmac.new(secret, f"{time}.{body}".encode(), hashlib.sha256).hexdigest()
    address = f"{site.url}/payments/hooks/sandbox/{society}"
    headers = {"Sandbox-Signature": f"t={time},v1={signature}"}
    return requests.post(address, data=body.encode(), headers=headers, timeout=30).status_code


def events(site: Site, references: list[str]) -> list[str]:
    """All notices that the provider owes about these charges, in the order in which it happened."""
    with reading({"sandbox": site.databases["sandbox"]}) as books:
        rows = books.rows("sandbox", "SELECT charge_id, body FROM events ORDER BY created_at")
        return [str(row.body) for row in rows if row.charge_id in references]


def charges(site: Site, invoices: list[str]) -> dict[str, str]:
    """Invoice → charge."""
    with reading({"payments": site.databases["payments"]}) as books:
        rows = books.rows("payments", "SELECT invoice_id, reference FROM attempts WHERE reference IS NOT NULL")
        return {id_of(row.invoice_id): row.reference for row in rows if id_of(row.invoice_id) in invoices}


def choose_store(site: Site, office: Office, invoice: str, payer: str) -> None:
    headers = {"Authorization": f"Bearer {site.token(office.society, Role.MEMBER, person=payer)}"}
    form = {"method": "konbini", "chain": "lawson"}
    answer = requests.post(
        f"{site.url}/payments/my/pay/{invoice}", data=form, headers=headers, timeout=30, allow_redirects=False
    )
    assert answer.status_code == 303, answer.text


@pytest.mark.rule("D1")
def test_fifty_copies_at_once_and_the_payers_return_are_one_payment(stack: Stack, site: Site, seed: int) -> None:
    office = Office.found(site)
    [(invoice, payer)] = office.bill(1)
    office.pay([(invoice, payer)], seed=seed, manner="card")
    [charge] = charges(site, [invoice]).values()
    told = events(site, [charge])
    back = f"{site.url}/payments/my/pay/{invoice}?back=1&from=sandbox"
    headers = {"Authorization": f"Bearer {site.token(office.society, Role.MEMBER, person=payer)}"}

    def come_back(_: int) -> int:
        return requests.get(back, headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(12) as pool:
        copies = [pool.submit(notify, site, stack, office.society, told[-1]) for _ in range(50)]
        returns = [pool.submit(come_back, number) for number in range(6)]
        assert {each.result() for each in copies} == {200}
        assert {each.result() for each in returns} == {200}
    settle(site)
    assert office.count("payments", "payments", [invoice]) == office.count("billing", "payments", [invoice]) == 1
    assert violations(site) == []


@pytest.mark.rule("D2")
def test_notices_in_any_order_end_as_the_provider_does(stack: Stack, site: Site, seed: int) -> None:
    """While payments does not answer, everything happens; then its notices come in a random order, each twice, beside
    the provider's own repetitions."""
    chance = random.Random(seed)
    office = Office.found(site)
    bills = office.bill(2 * len(LIFECYCLES))
    for invoice, payer in bills:
        choose_store(site, office, invoice, payer)
    known = charges(site, [invoice for invoice, _ in bills])
    assert len(known) == len(bills)
    secret = {"Authorization": f"Bearer {stack.env('payments')['TSUDOI_SANDBOX_SECRET']}"}
    stack.kill("web", "payments")
    try:
        for (invoice, _), lifecycle in zip(bills, LIFECYCLES * 2, strict=True):
            for action in lifecycle:
                where = f"/sandbox/store/{known[invoice]}"
                if action == "cancel":
                    where = f"/sandbox/api/charges/{known[invoice]}/cancel"
                done = requests.post(site.url + where, data={"action": action}, headers=secret, timeout=30)
                assert done.status_code == 200, (action, done.text)
    finally:
        stack.restart("web", "payments")
    notices = events(site, list(known.values())) * 2
    chance.shuffle(notices)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda body: notify(site, stack, office.society, body), notices)) == {200}
    settle(site)
    paid = sum("pay" in lifecycle for lifecycle in LIFECYCLES * 2)
    assert office.count("payments", "payments", [invoice for invoice, _ in bills]) == paid
    assert violations(site) == []
