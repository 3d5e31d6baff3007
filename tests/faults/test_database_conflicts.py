"""Transactions that get into each other's way: repeated whole, up to five times; then 503, and nothing done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from deploy.stack.stack import Stack
from shared.ids import new_id
from shared.trouble import TRIES_AGAIN
from tests.faults.billing_run import BillingRun
from tests.faults.desk import Desk, assert_declared
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site, found_society

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

STATES = ("40001", "40P01", "55P03")


def admin_of(stack: Stack, service: str) -> psycopg.Connection:
    url = stack.postgres.url(f"tsudoi_{service}", driver="postgresql")
    return psycopg.connect(url, autocommit=True)


@contextmanager
def failing(stack: Stack, service: str, table: str, state: str, times: int) -> Iterator[None]:
    """The next inserts into this table fail with an SQLSTATE, so many times in a row; a sequence is never undone."""
    with admin_of(stack, service) as admin:
        admin.execute("CREATE SEQUENCE fault")
        admin.execute(f"GRANT USAGE ON SEQUENCE fault TO {service}")
        admin.execute(
            f"""CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('fault') <= {times} THEN RAISE EXCEPTION 'injected' USING ERRCODE = '{state}'; END IF;
                RETURN NULL; END $$"""
        )
        on = sql.SQL("CREATE TRIGGER fault BEFORE INSERT ON {} FOR EACH STATEMENT EXECUTE FUNCTION fault()")
        admin.execute(on.format(sql.Identifier(table)))
        try:
            yield
        finally:
            admin.execute("DROP FUNCTION fault CASCADE")
            admin.execute("DROP SEQUENCE fault")


@pytest.mark.row("B3")
@pytest.mark.parametrize("state", STATES)
def test_a_conflict_is_tried_again_and_in_the_end_answered_without_any_effect(
    stack: Stack, site: Site, campaign: bool, score: Score, state: str
) -> None:
    office = Office.found(site)
    desk = Desk(site, office.society)
    rounds = 100 if campaign else 1
    bills = [invoice for invoice, _ in office.bill(rounds)]
    [never] = [invoice for invoice, _ in office.bill(1)]
    for invoice in bills:
        with failing(stack, "payments", "payments", state, TRIES_AGAIN):
            assert desk.enter([invoice]).status_code == 201
        score.injected(TRIES_AGAIN)
    key = new_id()
    with failing(stack, "payments", "payments", state, 1_000):
        answer = desk.enter([never], key=key)
        assert answer.status_code == 503
        assert_declared(answer)
        score.injected(TRIES_AGAIN + 1)
    assert desk.entered([key]) == {key: 0}
    with score.recovering():
        assert desk.enter_surely([never], key=key) == [201]
    assert office.count("payments", "payments", [*bills, never]) == rounds + 1
    score.judge(site)


@pytest.mark.row("B3")
def test_long_work_and_messages_go_on_after_a_deadlock(stack: Stack, site: Site, score: Score) -> None:
    society, _ = found_society(site, 200)
    run = BillingRun(site, society, members=200)
    with failing(stack, "billing", "run_results", "40P01", 3):
        score.injected(3)
        run.whole()
    office = Office.found(site, 2)
    [(invoice, _)] = office.bill(1)
    with failing(stack, "billing", "payments", "40P01", 3):
        score.injected(3)
        assert Desk(site, office.society).enter([invoice]).status_code == 201
        site.wait_until(lambda: office.count("billing", "payments", [invoice]) == 1)
    score.judge(site)


@pytest.mark.row("B3")
def test_a_real_deadlock_costs_the_loser_nothing_but_time(
    stack: Stack, site: Site, campaign: bool, score: Score
) -> None:
    office = Office.found(site)
    desk = Desk(site, office.society)
    for _ in range(10 if campaign else 1):
        bills = sorted(invoice for invoice, _ in office.bill(2))
        with admin_of(stack, "payments") as other, ThreadPoolExecutor(1) as pool:
            first, second = _request_ids(other, bills)
            other.execute("SET deadlock_timeout = '20s'")  # the page shall be the one that loses
            with other.transaction():
                other.execute("SELECT FROM requests WHERE id = %s FOR UPDATE", [second])
                entering = pool.submit(desk.enter, bills)
                _wait_for_waiting(stack, site)
                other.execute("SELECT FROM requests WHERE id = %s FOR UPDATE", [first])
            score.injected()
            assert entering.result().status_code == 201
    score.judge(site)


def _request_ids(connection: psycopg.Connection, invoices: list[str]) -> list[str]:
    query = "SELECT id FROM requests WHERE invoice_id = ANY(%s::uuid[]) ORDER BY id"
    return [row[0] for row in connection.execute(query, [invoices])]


def _wait_for_waiting(stack: Stack, site: Site) -> None:
    """Until payments' web process waits for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'payments' AND wait_event_type = 'Lock'"

    def waits() -> bool:
        with psycopg.connect(stack.postgres.admin_url) as admin:
            row = admin.execute(query).fetchone()
            return bool(row and row[0])

    site.wait_until(waits, step=0, look=0.02, seconds=20)


@pytest.mark.row("B3")
def test_batches_with_the_same_payers_in_opposite_order_and_the_same_form_sent_twice_at_once(
    site: Site, campaign: bool, score: Score
) -> None:
    office = Office.found(site)
    desk = Desk(site, office.society)
    for _ in range(20 if campaign else 2):
        bills = [invoice for invoice, _ in office.bill(6)]
        keys = [new_id(), new_id()]
        together = threading.Barrier(6)

        def enter(number: int, bills: list[str] = bills, keys: list[str] = keys) -> int:
            together.wait()  # noqa: B023
            order = bills if number % 2 else bills[::-1]
            return desk.enter(order, key=keys[number % 2], amount=5_000).status_code

        with ThreadPoolExecutor(6) as pool:
            assert set(pool.map(enter, range(6))) == {201}
        score.injected(6)
        assert desk.entered(keys) == dict.fromkeys(keys, 6)
    score.judge(site)
