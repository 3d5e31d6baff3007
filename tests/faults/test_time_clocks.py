"""Clocks that are wrong, and several that strike: nothing goes by them alone, nothing is done twice."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from deploy.stack.processes import Process
from deploy.stack.stack import Stack
from services.payments.models import AttemptRow
from shared import clock
from tests.faults.books import id_of, reading
from tests.faults.clocks import another, wrong
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site
from tests.faults.test_payments import choose_store

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

DAY = 86_400.0
EXPIRED = "payments.RequestExpired.v1"


@pytest.mark.row("C3")
def test_a_machine_with_a_wrong_clock_sends_no_second_letter(
    stack: Stack, site: Site, seed: int, campaign: bool, score: Score
) -> None:
    """One of two bookkeepers lives in the past, one of two letter writers in the future."""
    for past, future in (("-1h", "+1h"), ("-1d", "+1d")) if campaign else (("-1d", "+1h"),):
        office = Office.found(site)
        bills = office.bill(40 if campaign else 12)
        with (
            another(stack, "work", "notifications", wrong(future)),
            another(stack, "work", "billing", wrong(past)),
        ):
            score.injected(2)
            office.pay(bills, seed=seed)
            score.judge(site)


@pytest.mark.row("C3")
def test_a_clock_that_jumps_while_it_runs(stack: Stack, site: Site, seed: int, campaign: bool, score: Score) -> None:
    jumps = ("+1h", "-1h", "+1d", "-1d", "+0") if campaign else ("+1d", "-1h")
    file = Path(stack.home) / "faketime"
    office = Office.found(site)
    try:
        for service in ("payments", "notifications"):
            stack.restart("work", service, env=wrong("+0", file=file))
        for jump in jumps:
            file.write_text(jump)
            score.injected()
            office.pay(office.bill(6), seed=seed)
            score.judge(site)
    finally:
        for service in ("payments", "notifications"):
            stack.restart("work", service)


@pytest.mark.row("C5")
def test_three_schedulers_and_a_missed_hour_are_one_effect(
    stack: Stack, site: Site, campaign: bool, score: Score
) -> None:
    """Slips run out at midnight: of three tickers two are killed just then; the next time all of them were down."""
    office = Office.found(site)
    for down in (False, True) * (5 if campaign else 1):
        bills = office.bill(5)
        for invoice, payer in bills:
            choose_store(site, office, invoice, payer)
        with ExitStack() as schedulers:
            beside = [schedulers.enter_context(another(stack, "work", "payments")) for _ in range(2)]
            if down:
                _stop_all(stack, beside)
            site.move_clock(_until_expiry(site, office, bills))
            score.injected(3)
            if down:
                site.move_clock(DAY)
                stack.restart("work", "payments")
            else:
                for process in beside:
                    process.kill()
            site.wait_until(lambda: _expired(site, [id for id, _ in bills]) == len(bills), look=0.05)  # noqa: B023
            score.judge(site)
        told = [msgspec.json.decode(each.payload) for each in office.said("payments") if each.type == EXPIRED]
        about = [each["invoice_id"] for each in told if each["invoice_id"] in dict(bills)]
        assert sorted(about) == sorted(id for id, _ in bills), "each ran out once"


def _stop_all(stack: Stack, beside: list[Process]) -> None:
    stack.kill("work", "payments")
    for process in beside:
        process.kill()


def _until_expiry(site: Site, office: Office, bills: list[tuple[str, str]]) -> float:
    with site.running("payments") as running, running.unit(office.society, reading=True) as uow:
        ends = [row.expires_at for row in uow.session.query(AttemptRow) if row.invoice_id in dict(bills)]
    assert len(set(ends)) == 1
    return (ends[0] - clock.now()).total_seconds() + 0.2


def _expired(site: Site, invoices: list[str]) -> int:
    with reading({"payments": site.databases["payments"]}) as books:
        rows = books.rows("payments", "SELECT invoice_id FROM attempts WHERE state = 'expired'")
    return sum(id_of(row.invoice_id) in invoices for row in rows)
