"""Hostile input for the whole API of billing, on PostgreSQL: no 5xx, and no answer that its document
does not describe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.billing.models import FeeRow, InvoiceRow, RunRow
from shared.identity import Role
from tests.fuzzing import Fuzzed
from tests.servers.plugin import FreshDatabase
from tests.unit.billing import office as offices

NEVER_DONE = ("POST /billing/api/runs",)  # with many requests: by then all fees of the year are deleted


@pytest.fixture
def fuzzed(fresh_database: FreshDatabase, tmp_path: Path) -> Iterator[Fuzzed]:
    office = offices.start(fresh_database("billing", migrated=True).app_url, tmp_path, migrated=True)
    try:
        office.set_fees()
        first, *_ = office.add_people([{}, {"category": "student"}, {"standing": "left"}])
        office.bill()
        for year in (2027, 2028):
            office.set_fees(year)
            office.plan(fiscal_year=year)
        office.pay(office.invoices(payer_id=first)[0].id, 10_000)
        things = {
            "/fees/{}": sa.select(FeeRow.id),
            "/runs/{}": sa.select(RunRow.id),
            "/invoices/{}": sa.select(InvoiceRow.id),
        }
        words = {"fiscal_year": 2026, "charge_start": "2026-04", "due_on": "2026-06-30"}
        yield Fuzzed(office.running, office.app, office.token(*Role, person=first), office.society, things, words)
    finally:
        office.running.stop()


@pytest.mark.rule("S41")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_input_breaks_the_api(fuzzed: Fuzzed, campaign: bool) -> None:
    fuzzed.try_everything(thorough=campaign, never_done=NEVER_DONE)
