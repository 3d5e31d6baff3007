"""Billing runs: who is asked, drafts, confirmation (B1-B5, I5)."""

from __future__ import annotations

from datetime import date

import pytest

from services.billing import runs, selection
from services.billing.errors import FeesMissing, RunAsksNobody, RunNotCreated, RunNotPlanned
from services.billing.models import Reason, RunResultRow
from shared.messages.billing import InvoiceCreated
from tests.unit.billing.office import Office


def left_out(office: Office, run: str) -> dict[str, str]:
    return {row.person_id: row.reason for row in office.all(RunResultRow, run_id=run, outcome="left_out")}


@pytest.mark.rule("B2")
@pytest.mark.rule("B5")
def test_a_run_makes_drafts_and_confirmation_makes_them_payable(either_office: Office) -> None:
    office = either_office
    people = office.add_people([{}, {"category": "student"}, {}])
    run = office.create()
    assert [(row.payer_id, row.state, row.number, row.total) for row in office.invoices()] == [
        (people[0], "draft", None, 10_000),
        (people[1], "draft", None, 3_000),
        (people[2], "draft", None, 10_000),
    ]
    assert not office.said(InvoiceCreated)
    office.confirm(run)
    rows = office.invoices()
    assert [(row.state, row.number) for row in rows] == [
        ("unpaid", "I2026-0000001"),
        ("unpaid", "I2026-0000002"),
        ("unpaid", "I2026-0000003"),
    ]
    said = office.said(InvoiceCreated)
    assert {message.invoice.id for message in said} == {row.id for row in rows}
    assert {message.invoice.number: message.invoice for message in said} == {row.number: row.public() for row in rows}
    done = office.run(run)
    assert (done.state, done.invoiced, done.total) == ("confirmed", 3, 23_000)
