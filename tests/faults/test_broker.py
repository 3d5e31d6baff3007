"""The broker of the full stack silent, starved, full, incomplete, away for a minute and killed again and again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import psutil
import pytest
import requests

from deploy.stack.stack import Stack
from shared.bus.rabbit import CONFIRM_TIMEOUT
from shared.bus.topology import EXCHANGE, queue_name, routing_key
from tests.faults import broker
from tests.faults.books import reading
from tests.faults.invariants import i10_everything_sent_is_processed
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site
from tests.faults.till import Till
from tests.servers.proxy import Proxy

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

CASH = "cash"


def _unsent(site: Site, service: str) -> int:
    with reading({service: site.databases[service]}) as books:
        return int(books.one(service, "SELECT count(*) FROM outbox WHERE sent_at IS NULL"))


def _figure(stack: Stack, process: str, name: str) -> float:
    """What a worker or a relay tells Prometheus."""
    port = stack.state.ports[f"{process}-metrics"]
    lines = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


def _stays(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert true()
        time.sleep(0.25)


@pytest.mark.campaign
@pytest.mark.row("A3")
def test_what_the_broker_does_not_confirm_stays_unsent(
    stack: Stack, site: Site, seed: int, score: Score, campaign: bool
) -> None:
    """Its answers are held; then what we say vanishes on the way. Nothing is marked, and all is said again."""
    office = Office.found(site)
    address = stack.env("payments")["TSUDOI_BROKER"]
    with Proxy.before(address) as proxy:
        stack.restart("relay", "payments", env={"TSUDOI_BROKER": proxy.through(address)})
        try:
            for _ in range(5 if campaign else 1):
                for direction, how in ((proxy.replies, "hold"), (proxy.requests, "swallow")):
                    bills = office.bill(4)
                    before = _unsent(site, "payments")
                    setattr(direction, how, True)
                    score.injected()
                    office.pay(bills, seed=seed, manner=CASH)
                    _stays(lambda: _unsent(site, "payments") >= before + 4, 1.5 * CONFIRM_TIMEOUT)  # noqa: B023
                    proxy.heal()
                    with score.recovering():
                        site.wait_until(lambda: _unsent(site, "payments") == 0, step=0)
        finally:
            proxy.heal()
            stack.restart("relay", "payments")
    score.judge(site)


ALARMS = {
    "memory": (("set_vm_memory_high_watermark", "0.00001"), ("set_vm_memory_high_watermark", "0.4")),
    "disk": (("set_disk_free_limit", str(10**15)), ("set_disk_free_limit", "200MB")),
}


@pytest.mark.row("A4")
@pytest.mark.parametrize("alarm", ["memory", pytest.param("disk", marks=pytest.mark.campaign)])
def test_while_the_broker_takes_no_messages_only_relays_wait(
    stack: Stack, site: Site, seed: int, score: Score, campaign: bool, alarm: str
) -> None:
    office = Office.found(site)
    bills = office.bill(8)
    stack.halt("work", "billing")
    office.pay(bills[:4], seed=seed, manner=CASH)
    site.wait_until(lambda: _unsent(site, "payments") == 0, step=0)
    raised, lifted = ALARMS[alarm]
    lines = _lines(stack)
    stack.rabbit.control(*raised)
    try:
        score.injected()
        load = office.pay(bills[4:], seed=seed, manner=CASH)
        assert not [status for status in load.statuses if status >= 500], load.statuses
        stack.restart("work", "billing")  # consumers connect and take what is there
        site.wait_until(lambda: _paid(site, office) == 4, step=0)
        site.wait_until(lambda: _figure(stack, "relay-payments", "tsudoi_broker_blocked") == 1, step=0)
        _stays(lambda: _unsent(site, "payments") >= 4, 30 if campaign else 2)
        assert _lines(stack) <= lines + 3, "each try leaves a line that the broker does not let go of"
    finally:
        stack.rabbit.control(*lifted)
    with score.recovering():
        site.wait_until(lambda: _paid(site, office) == 8, step=0)
    site.wait_until(lambda: _figure(stack, "relay-payments", "tsudoi_broker_blocked") == 0, step=0)
    score.judge(site)


def _lines(stack: Stack) -> int:
    """Connections that the broker holds, of whomever."""
    assert stack.rabbit.process.pid is not None
    node = psutil.Process(stack.rabbit.process.pid).children(recursive=True)
    ours = [each for member in node if member.name().startswith("beam") for each in member.net_connections("tcp")]
    return sum(each.laddr.port == stack.rabbit.port and each.status != "LISTEN" for each in ours)


def _paid(site: Site, office: Office) -> int:
    with reading({"billing": site.databases["billing"]}) as books:
        query = "SELECT count(*) FROM invoices WHERE society_id = :society AND state = 'paid'"
        return int(books.one("billing", query, society=office.society))


@pytest.mark.campaign
@pytest.mark.row("A5")
def test_a_full_queue_keeps_messages_with_their_sender_who_says_so(
    stack: Stack, site: Site, seed: int, score: Score
) -> None:
    office = Office.found(site)
    bills = office.bill(40)
    stack.halt("work", "billing")
    stack.rabbit.control(
        "set_policy", "-p", stack.rabbit.vhost, "small", "^billing$", '{"max-length": 10}', "--apply-to", "queues"
    )
    try:
        score.injected()
        office.pay(bills, seed=seed, manner=CASH)
        site.wait_until(lambda: 0 < _unsent(site, "payments") < 31, step=0)
        _stays(lambda: _unsent(site, "payments") > 0, 5)
        assert _figure(stack, "relay-payments", "tsudoi_outbox_unsent") > 0
        assert _figure(stack, "relay-payments", "tsudoi_outbox_oldest_seconds") > 0
    finally:
        stack.rabbit.control("clear_policy", "-p", stack.rabbit.vhost, "small")
        stack.restart("work", "billing")
    with score.recovering():
        site.wait_until(lambda: _paid(site, office) == 40, step=0)
    score.judge(site)


@pytest.mark.row("A5")
def test_a_binding_that_is_lost_is_found_by_comparing_and_what_was_missed_is_said_again(
    stack: Stack, site: Site, seed: int, score: Score
) -> None:
    """Others still hear the message, so that the broker confirms it: only the books of both sides can tell."""
    office = Office.found(site)
    key = routing_key("billing.InvoiceCreated.v1", bulk=False)
    with broker.channel(site.broker_url) as each:
        each.queue_unbind(queue_name("payments", bulk=False), EXCHANGE, key)
    score.injected()
    try:
        missed = office.bill(3, wait=False)
        site.wait_until(lambda: _unsent(site, "billing") == 0, step=0)
    finally:
        stack.programs.declare_topology()
    with reading(site.databases) as books:
        assert len(i10_everything_sent_is_processed(books)) == len(missed)
    assert stack.run("bus", "compare", "payments").count("missed") == len(missed)
    stack.run("bus", "resend", "billing", "--to", "payments", "--reason", "a binding was lost")
    with score.recovering():
        site.wait_until(lambda: office.count("payments", "requests", [id for id, _ in missed]) == len(missed))
    score.judge(site)


@pytest.mark.campaign
@pytest.mark.row("A1")
def test_a_minute_without_the_broker_at_fifty_writes_a_second(stack: Stack, site: Site, score: Score) -> None:
    office = Office.found(site)
    bills = office.bill(80)
    with Till(site, office.society, bills, rate=50) as till:
        site.wait_until(lambda: len(till.payments) > 50, step=0)
        stack.kill("rabbit")
        score.injected()
        began = time.monotonic()
        _stays(lambda: not till.refused, 60)
        stack.restart("rabbit")
        site.wait_until(lambda: time.monotonic() - began > 75, step=0)
    assert not till.refused
    print(f"{len(till.payments)} written, the slowest in {till.longest:.2f} s")
    score.judge(site, patience=120)


@pytest.mark.campaign
@pytest.mark.row("A2")
def test_twenty_kills_of_relays_and_broker_under_load(stack: Stack, site: Site, seed: int, score: Score) -> None:
    chance = random.Random(seed)
    office = Office.found(site)
    bills = office.bill(80)
    victims = ["rabbit"] * 6 + ["relay-payments"] * 7 + ["relay-billing"] * 7
    chance.shuffle(victims)
    with Till(site, office.society, bills, rate=20) as till:
        for victim in victims:
            kind, _, service = victim.partition("-")
            time.sleep(chance.uniform(0.2, 1.5))  # so that it dies at another moment each time
            stack.kill(kind, service or None)
            score.injected()
            with score.recovering():
                stack.restart(kind, service or None)
                told = len(till.payments)
                site.wait_until(
                    lambda: len(till.payments) > told and _arrived(site, till.payments[told]),  # noqa: B023
                    step=0,
                    look=0.1,
                )
    assert not till.refused
    score.judge(site)


def _arrived(site: Site, payment: str) -> bool:
    with reading({"billing": site.databases["billing"]}) as books:
        return bool(books.one("billing", "SELECT count(*) FROM payments WHERE id = :id", id=payment))
