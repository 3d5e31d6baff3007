"""B9: billing loses its database and is restored from an older back-up; its neighbours say again what they had said.

A stack of its own: what a restored service forgot for ever stays a difference to its neighbours, and is listed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.stack.postgres import binaries
from deploy.stack.stack import Stack
from tests.faults import broker
from tests.faults.books import Books, hang_up, id_of, reading
from tests.faults.invariants import (
    i1_everything_said_is_sent,
    i3_all_money_is_accounted_for,
    i4_every_entry_balances,
    i6_state_follows_from_allocations,
    i9_provider_agrees,
    i11_requests_equal_their_invoices,
)
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.settling import settle, violations
from tests.faults.site import Site
from tests.servers.stacks import fresh_stack
from tests.unit.operators.figures import documented, scraped

pytestmark = [
    pytest.mark.slow,
    pytest.mark.campaign,
    pytest.mark.xdist_group("stack-restore"),
    pytest.mark.timeout(600),
]

SCRIPTS = Path(__file__).parents[2] / "deploy" / "restore"
EXACT = (
    i1_everything_said_is_sent,
    i3_all_money_is_accounted_for,
    i4_every_entry_balances,
    i6_state_follows_from_allocations,
    i9_provider_agrees,
    i11_requests_equal_their_invoices,
)


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    with fresh_stack() as started:
        yield started
        hang_up(Site.of_stack(started).databases)


@pytest.fixture
def own_site(own_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Whatever an earlier test left stopped is started again."""
    monkeypatch.setenv("TSUDOI_CLOCK_FILE", str(own_stack.clock_file))
    for kind in ("relay", "work", "web"):
        if not own_stack.ready(f"{kind}-billing"):
            own_stack.restart(kind, "billing")
    return Site.of_stack(own_stack)


def script(name: str, stack: Stack, file: Path) -> subprocess.CompletedProcess[str]:
    url = stack.postgres.url("tsudoi_billing").replace("+psycopg", "")
    env = {**os.environ, "PATH": f"{binaries()}:{os.environ['PATH']}"}
    return subprocess.run([SCRIPTS / name, url, str(file)], env=env, capture_output=True, text=True, check=False)


def numbers(books: Books, society: str) -> set[str]:
    query = "SELECT number FROM invoices WHERE society_id = :society AND number IS NOT NULL"
    return {row.number for row in books.rows("billing", query, society=society)}


def broken(books: Books) -> dict[str, list[str]]:
    return {check.__name__: found for check in EXACT if (found := check(books))}


def invoices_of(site: Site, office: Office) -> dict[str, tuple[str, int, int]]:
    """What members owe and paid: invoice → number, total, paid."""
    query = "SELECT id, number, total, paid FROM invoices WHERE society_id = :society"
    with reading({"billing": site.databases["billing"]}) as books:
        rows = books.rows("billing", query, society=office.society)
    return {id_of(row.id): (row.number, row.total, row.paid) for row in rows}


@pytest.mark.row("B9")
def test_a_restored_service_hears_everything_again_and_no_difference_is_silent(
    own_stack: Stack, own_site: Site, seed: int, score: Score, tmp_path: Path
) -> None:
    stack, site, file = own_stack, own_site, tmp_path / "billing.dump"
    office = Office.found(site, 20)
    before = office.bill(20)
    office.pay(before[:5], seed=seed)
    settle(site)
    assert violations(site) == []
    done = script("back-up.sh", stack, file)
    assert done.returncode == 0, done.stderr

    after = office.bill(8)  # forgotten by the restored one
    office.pay(before[5:12] + after[:5], seed=seed + 1)  # invoices that the back-up knows, and some that it does not
    settle(site)
    truth = invoices_of(site, office)

    refused = script("restore.sh", stack, file)
    assert refused.returncode == 1 and "stop web" in refused.stderr, "not beneath a living service"
    for kind in ("web", "work", "relay"):
        stack.halt(kind, "billing")
    hang_up({"billing": site.databases["billing"]})
    done = script("restore.sh", stack, file)
    assert done.returncode == 0, done.stderr
    score.injected()
    with reading(site.databases) as books:
        assert i3_all_money_is_accounted_for(books) and i11_requests_equal_their_invoices(books), "something was lost"

    with score.recovering():
        known = tmp_path / "known.jsonl"
        known.write_text(stack.run("recall"))
        assert stack.run("restored", "billing", "adopt", str(known)).count("taken over") == len(after)
        for kind in ("relay", "work"):
            stack.restart(kind, "billing")
        for neighbour in ("payments", "events", "members"):
            said = stack.run("bus", "resend", neighbour, "--to", "billing", "--reason", "restored from a back-up")
            assert "sent again" in said
        _until_quiet(site)
        assert re.search(r"\d+ invoices are told again", stack.run("restored", "billing", "announce"))
        _until_quiet(site)
        stack.restart("web", "billing")

    assert invoices_of(site, office) == truth, "every invoice has its number, its amount and its payments again"
    with reading(site.databases) as books:
        assert broken(books) == {}
    listed = json.loads(stack.run("bus", "compare", "billing", "--json"))
    _all_differences_are_listed(site, office, listed)

    fresh = office.bill(3)  # life goes on: no number twice, and payments hears of it
    office.pay([*fresh, *before[12:15]], seed=seed + 2)
    settle(site)
    with reading(site.databases) as books:
        assert broken(books) == {}
        assert len(numbers(books, office.society)) == len(before) + len(after) + len(fresh)
    assert requests.get(f"{site.url}/billing/health/ready", timeout=10).status_code == 200


def _until_quiet(site: Site) -> None:
    """All is sent and handled; differences to what billing said once are no longer under way."""

    def waiting() -> dict[str, int]:
        queries = {
            "unsent": "SELECT count(*) FROM outbox WHERE sent_at IS NULL",
            "inbox": "SELECT count(*) FROM inbox WHERE state IN ('waiting', 'retrying')",
        }
        with reading(site.databases) as books:
            found = {
                f"{name}: {what}": count
                for name in books.services
                for what, query in queries.items()
                if (count := int(books.one(name, query)))
            }
        return found | broker.waiting(site.broker_url)

    site.wait_until(lambda: not waiting(), seconds=120, why=waiting)


def _all_differences_are_listed(site: Site, office: Office, listed: list[dict[str, Any]]) -> None:
    """What neighbours handled and billing no longer knows is on the list, message by message, and nothing else is."""
    assert {each["what"] for each in listed} == {"forgotten"}
    with reading(site.databases) as books:
        own = {id_of(row.id) for row in books.rows("billing", "SELECT id FROM outbox")}
        heard = {
            id_of(row.id): row.type
            for name in books.services
            for row in books.rows(name, "SELECT id, type FROM inbox WHERE type LIKE 'billing.%'")
        }
        receipts = {id_of(row.id) for row in books.rows("billing", "SELECT id FROM receipts")}
        letters = [row.cause for row in books.rows("notifications", "SELECT cause FROM letters")]
    forgotten = {id: type_name for id, type_name in heard.items() if id not in own}
    assert {each["id"]: each["type"] for each in listed} == forgotten and forgotten
    assert all(each["society"] == office.society for each in listed)
    about_nothing = [
        cause for cause in letters if cause.startswith("receipt-issued:") and cause.split(":")[1] not in receipts
    ]
    kinds = Counter(forgotten.values())
    assert len(about_nothing) == kinds["billing.ReceiptIssued.v1"], "each receipt that is void now stands on the list"


@pytest.mark.row("A21")
def test_what_is_sent_again_to_one_who_knows_it_changes_nothing(own_stack: Stack, own_site: Site, seed: int) -> None:
    office = Office.found(own_site, 5)
    office.pay(office.bill(5), seed=seed, manner="cash")
    settle(own_site)
    before = office.fingerprint()
    for _ in range(2):
        own_stack.run("bus", "resend", "payments", "--to", "billing", "--reason", "twice", "--rate", "500")
        own_stack.run("bus", "resend", "billing", "--to", "payments", "--reason", "twice")
        settle(own_site)
    assert office.fingerprint() == before


def test_processes_tell_the_figures_of_the_handbook(own_stack: Stack, own_site: Site) -> None:
    told: set[str] = set()
    ports = own_stack.state.ports
    requests.get(f"{own_site.url}/billing/health/live", timeout=10)  # the web counts what it answers
    for address in (
        f"{own_stack.web_url('billing')}/billing/metrics",  # not through the gateway
        f"http://127.0.0.1:{ports['work-billing-metrics']}/metrics",
        f"http://127.0.0.1:{ports['relay-billing-metrics']}/metrics",
        f"http://127.0.0.1:{ports['work-notifications-metrics']}/metrics",
    ):
        told |= set(scraped(requests.get(address, timeout=10).text))
    assert told == set(documented())
