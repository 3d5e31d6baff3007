"""The database of one service is away: its own endpoints say so, everybody else goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
import requests
from psycopg import sql

from deploy.stack.stack import Stack
from deploy.stack.state import SERVICES
from shared.identity import Role
from tests.faults.books import reading
from tests.faults.desk import assert_declared
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

PAGES = {
    "members": "/members/api/members",
    "billing": "/billing/api/invoices",
    "payments": "/payments/api/payments",
    "events": "/events/api/events",
    "notifications": "/notifications/api/letters",
}


@contextmanager
def away(stack: Stack, service: str) -> Iterator[None]:
    """Nobody is let in, and whoever is inside is thrown out."""
    name = f"tsudoi_{service}"
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(stack.postgres.admin_url, autocommit=True) as admin:
        admin.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        try:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            yield
        finally:
            admin.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


@pytest.mark.row("B1")
def test_one_database_away_is_one_service_out_of_order(
    stack: Stack, site: Site, seed: int, campaign: bool, score: Score
) -> None:
    office = Office.found(site)
    victims = list(SERVICES) if campaign else [random.Random(seed).choice(SERVICES)]
    print(f"TSUDOI_FAULT_SEED={seed}: {victims}")
    for victim in victims:
        bills = office.bill(12)
        burnt = _attempts(site, victim)
        with away(stack, victim):
            score.injected()
            load = office.payers(bills, seed=seed, manner="cash")
            try:
                for name in SERVICES:
                    _expect(site, office.society, name, well=name != victim)
                if victim != "payments":
                    load.finish()
                    assert not [status for status in load.statuses if status >= 500], load.statuses
            except BaseException:
                load.stop()
                raise
        try:
            load.finish()
        finally:
            load.stop()
        assert not load.trouble
        score.judge(site, ambiguous=int(victim == "notifications"))
        assert _attempts(site, victim) == burnt, "an outage has cost a message one of its attempts"


def _expect(site: Site, society: str, name: str, *, well: bool) -> None:
    headers = {"Authorization": f"Bearer {site.token(society, Role.ADMINISTRATOR)}"}
    ready = requests.get(f"{site.url}/{name}/health/ready", timeout=30)
    page = requests.get(site.url + PAGES[name], headers=headers, timeout=30)
    if well:
        assert (ready.status_code, page.status_code) == (200, 200), (name, ready.text, page.text)
        return
    assert ready.status_code == 503
    assert page.status_code == 503
    assert_declared(page)


def _attempts(site: Site, service: str) -> int:
    with reading({service: site.databases[service]}) as books:
        return int(books.one(service, "SELECT coalesce(sum(attempts), 0) FROM inbox"))
