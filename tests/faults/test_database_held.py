"""Somebody holds what others need: a frozen process its locks, slow requests the connections."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta

import psutil
import psycopg
import pytest
import requests

from deploy.stack.stack import Stack
from services.events import catalogue
from services.events.models import EventRow
from services.payments import offline
from services.payments.offline import Part
from shared import clock
from shared.identity import Role
from shared.ids import new_id
from shared.trouble import again
from tests.faults.desk import PATIENCE, Desk, assert_declared
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site
from tests.faults.test_database_conflicts import _request_ids, _wait_for_waiting, admin_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

PROCEED = 10.0 + 5.0  # seconds; the second part for a busy machine


def family(stack: Stack, kind: str, service: str) -> list[psutil.Process]:
    """A process and all that it started."""
    leader = psutil.Process(stack.process(kind, service).pid)
    return [leader, *leader.children(recursive=True)]


@contextmanager
def frozen(processes: list[psutil.Process]) -> Iterator[None]:
    for each in processes:
        each.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for each in processes:
            each.send_signal(signal.SIGCONT)


@pytest.mark.row("B5")
def test_what_a_frozen_process_holds_is_taken_from_it(stack: Stack, site: Site, campaign: bool, score: Score) -> None:
    """It is frozen between two statements of a transaction, with the row locked that somebody else needs."""
    office = Office.found(site)
    desk = Desk(site, office.society)
    for _ in range(5 if campaign else 1):
        bills = [invoice for invoice, _ in office.bill(2)]
        key = new_id()
        with admin_of(stack, "payments") as other, ThreadPoolExecutor(1) as pool:
            first, second = _request_ids(other, bills)
            with other.transaction():
                other.execute("SELECT FROM requests WHERE id = %s FOR UPDATE", [second])
                entering = pool.submit(desk.enter_surely, bills, key=key)
                _wait_for_waiting(stack, site)
                holding = frozen(family(stack, "web", "payments"))
                holding.__enter__()
            began = time.monotonic()
            score.injected()
            try:
                row = other.execute("SELECT invoice_id FROM requests WHERE id = %s", [first]).fetchone()
                assert row is not None
                _enter_beside(site, office.society, str(row[0]))
                score.recovered(time.monotonic() - began)
                assert time.monotonic() - began < PROCEED
            finally:
                holding.__exit__(None, None, None)
            assert entering.result()[-1] == 201
        assert desk.entered([key]) == {key: 2}
    score.judge(site)


def _enter_beside(site: Site, society: str, invoice: str) -> None:
    """By another process of the same service: this one."""
    with site.running("payments") as running:

        def enter() -> None:
            with running.unit(society) as uow:
                part = Part(1_000, invoice)
                offline.record_offline(uow, method="cash", received_on=uow.today, parts=[part], entry_key=new_id())

        again(enter)


def an_event(site: Site, society: str, *, capacity: int | None) -> str:
    """A free one that takes registrations."""
    today: date = clock.today()
    values = {
        "title": "大会",
        "venue": "東京",
        "starts_on": today + timedelta(days=30),
        "ends_on": today + timedelta(days=31),
        "registration_until": today + timedelta(days=20),
        "capacity": capacity,
    }
    with site.running("events") as running, running.unit(society) as uow:
        event: EventRow = catalogue.create_event(uow, values)
        catalogue.set_switches(uow, event.id, published=True, registration_open=True, on_my_page=True)
        return event.id


def register(site: Site, society: str, event: str, person: str, *, timeout: float = 60) -> requests.Response:
    headers = {"Authorization": f"Bearer {site.token(society, Role.MEMBER, person=person)}"}
    return requests.post(f"{site.url}/events/api/my/events/{event}/registration", headers=headers, timeout=timeout)


@pytest.mark.campaign
@pytest.mark.row("B6")
def test_without_a_free_connection_everybody_is_answered_soon(
    stack: Stack, site: Site, campaign: bool, score: Score
) -> None:
    clients, pool_size = (200, 10) if campaign else (20, 2)
    office = Office.found(site, clients)
    event = an_event(site, office.society, capacity=None)
    env = {"TSUDOI_POOL_SIZE": str(pool_size), "TSUDOI_WEB_THREADS": "16" if campaign else "8"}
    stack.restart("web", "events", env=env)
    try:
        with admin_of(stack, "events") as other, ThreadPoolExecutor(clients) as pool:
            with other.transaction():
                other.execute("SELECT FROM events WHERE id = %s FOR UPDATE", [event])
                began = time.monotonic()
                asking = [pool.submit(register, site, office.society, event, person) for person in office.members]
                score.injected(clients)
                for each in asking:
                    answer = each.result()
                    assert answer.status_code == 503, answer.text
                    assert_declared(answer)
                assert time.monotonic() - began < PATIENCE, "somebody waited for too long"
            with score.recovering():
                answers = [_until_registered(site, office.society, event, person) for person in office.members[:20]]
            assert set(answers) == {201}
    finally:
        stack.restart("web", "events")
    score.judge(site)
    with admin_of(stack, "events") as books:
        _assert_nobody_idles(books)


def _until_registered(site: Site, society: str, event: str, person: str) -> int:
    """Nobody was registered while there was no connection; now everybody is, once."""
    statuses = [0]

    def done() -> bool:
        statuses.append(register(site, society, event, person).status_code)
        return statuses[-1] in (201, 409)

    site.wait_until(done, step=0, seconds=20, why=lambda: statuses)
    return statuses[-1]


def _assert_nobody_idles(books: psycopg.Connection) -> None:
    """No transaction stays open behind an answered request (I15)."""
    query = """SELECT count(*) FROM pg_stat_activity WHERE datname = 'tsudoi_events' AND usename = 'events'
               AND state = 'idle in transaction' AND state_change < now() - interval '5 s'"""
    row = books.execute(query).fetchone()
    assert row is not None and row[0] == 0
