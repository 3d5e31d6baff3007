"""Billing runs: who is asked, drafts, confirmation (B1-B5, I5, E2)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from services.billing import fees, runs, selection
from services.billing.errors import FeeDoubled, FeesMissing, RunAsksNobody, RunNotCreated, RunNotPlanned
from services.billing.models import RunResultRow, RunRow
from shared.ids import new_id
from shared.messages.billing import InvoiceCreated
from shared.messages.members import Society, SocietyChanged
from tests.unit.billing.office import START, YEAR, Office


def decided(office: Office, run: str) -> dict[str, tuple[str, str | None]]:
    return {row.person_id: (row.outcome, row.reason) for row in office.all(RunResultRow, run_id=run)}


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
    said = {message.invoice.number: message.invoice for message in office.said(InvoiceCreated)}
    assert said == {row.number: row.public() for row in rows}
    done = office.run(run)
    assert (done.state, done.invoiced, done.total) == ("confirmed", 3, 23_000)


@pytest.mark.rule("B3")
def test_a_zero_yen_category_gets_an_invoice_with_nothing_due(office: Office) -> None:
    person = office.add_person(category="honorary")
    run = office.bill()
    (invoice,) = office.invoices()
    assert (invoice.payer_id, invoice.state, invoice.due, invoice.number) == (person, "nothing_due", 0, "I2026-0000001")
    assert decided(office, run) == {person: ("nothing_due", None)}
    assert [message.invoice.state for message in office.said(InvoiceCreated)] == ["nothing_due"]


@pytest.mark.rule("B3")
def test_an_excluded_category_gets_none(office: Office) -> None:
    honorary, regular = office.add_people([{"category": "honorary"}, {}])
    run = office.bill(excluded_categories=["honorary"])
    assert [row.payer_id for row in office.invoices()] == [regular]
    assert decided(office, run)[honorary] == ("left_out", "excluded")


@pytest.mark.rule("B4")
def test_who_leaves_before_the_charge_start_month_is_left_out(either_office: Office) -> None:
    office = either_office
    before, same_month, later = office.add_people(
        [
            {"standing": "leaving", "leaves_on": date(2026, 3, 31)},
            {"standing": "leaving", "leaves_on": date(2026, 4, 1)},
            {"standing": "leaving", "leaves_on": date(2026, 9, 30)},
        ]
    )
    run = office.create(charge_start=date(2026, 4, 20))
    assert office.run(run).charge_start == START
    assert decided(office, run) == {
        before: ("left_out", "leaves_before"),
        same_month: ("invoiced", None),
        later: ("invoiced", None),
    }


@pytest.mark.rule("B2")
def test_everybody_left_out_is_told_with_the_reason_and_the_preview_says_the_same(either_office: Office) -> None:
    office = either_office
    reasons: dict[str, dict[str, Any]] = {
        "left": {"standing": "left"},
        "not_admitted": {"standing": "applying"},
        "on_leave": {"standing": "on_leave"},
        "no_category": {"category": None},
        "no_fee": {"category": "corporate", "kind": "corporate"},
        "excluded": {"category": "student"},
    }
    people = dict(zip(reasons, office.add_people(list(reasons.values())), strict=True))
    billed = office.add_person()
    office.add_people([{"kind": "contact"}, {"kind": "guest", "category": None}])
    run = office.plan(excluded_categories=["student"])
    with office.running.unit(office.society, reading=True) as uow:
        preview = selection.preview(uow, uow.get(RunRow, run))
    assert {str(reason): count for reason, count in preview.left_out.items()} == dict.fromkeys(reasons, 1)
    assert (preview.invoices, preview.total, preview.people) == (1, 10_000, 7)
    with office.running.unit(office.society) as uow:
        runs.start_run(uow, run)
    office.work()
    told = {person: ("left_out", reason) for reason, person in people.items()}
    assert decided(office, run) == {**told, billed: ("invoiced", None)}


@pytest.mark.rule("B2")
def test_members_on_leave_are_asked_where_the_conditions_say_so(office: Office) -> None:
    person = office.add_person(standing="on_leave")
    assert decided(office, office.create(include_on_leave=True)) == {person: ("invoiced", None)}


@pytest.mark.rule("B1")
def test_a_run_keeps_the_fees_that_it_began_with(office: Office) -> None:
    office.add_person()
    run = office.plan()
    with office.running.unit(office.society) as uow:
        runs.start_run(uow, run)
    with office.running.unit(office.society) as uow:
        fee = next(fee for fee in fees.fees_of(uow, YEAR) if fee.category == "regular")
        fees.change_fee(uow, fee.id, annual_fee=99_000)
    office.work()
    assert [row.total for row in office.invoices()] == [10_000]


@pytest.mark.rule("B1")
def test_a_category_has_one_fee_a_year_and_a_schedule_is_taken_over(office: Office) -> None:
    with pytest.raises(FeeDoubled), office.running.unit(office.society) as uow:
        fees.set_fee(uow, category="regular", fiscal_year=YEAR, annual_fee=1, title="x")
    with office.running.unit(office.society) as uow:
        fees.set_fee(uow, category="regular", fiscal_year=YEAR + 1, annual_fee=12_000, title="年会費")
        assert fees.copy_fees(uow, from_year=YEAR, to_year=YEAR + 1) == 2
        assert {fee.category: fee.annual_fee for fee in fees.fees_of(uow, YEAR + 1)} == {
            "regular": 12_000,
            "student": 3_000,
            "honorary": 0,
        }


@pytest.mark.rule("B2")
def test_a_run_without_fees_or_members_is_refused(office: Office) -> None:
    with pytest.raises(FeesMissing):
        office.plan(fiscal_year=2030)
    run = office.plan()
    with pytest.raises(RunAsksNobody), office.running.unit(office.society) as uow:
        runs.start_run(uow, run)


@pytest.mark.rule("I5")
def test_a_second_run_for_the_year_leaves_out_who_has_an_invoice(either_office: Office) -> None:
    office = either_office
    first, second = office.add_people([{}, {"category": "student"}])
    office.bill(excluded_categories=["student"])
    run = office.create()
    assert decided(office, run) == {first: ("left_out", "has_invoice"), second: ("invoiced", None)}


@pytest.mark.rule("I5")
def test_two_runs_at_once_give_nobody_two_invoices(either_office: Office) -> None:
    office = either_office
    office.add_people([{}] * 650)
    planned = [office.plan(), office.plan()]
    with office.running.unit(office.society) as uow:
        for run in planned:
            runs.start_run(uow, run)
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(lambda _: office.work(), range(2)))
    assert [office.run(run).state for run in planned] == ["created", "created"]
    assert office.scalar("SELECT count(*) FROM invoices") == 650
    assert office.scalar("SELECT count(DISTINCT payer_id) FROM invoices") == 650
    assert office.scalar("SELECT count(*) FROM run_results WHERE reason = 'has_invoice'") == 650


@pytest.mark.rule("E2")
def test_of_ten_parallel_starts_and_confirmations_one_wins(either_office: Office) -> None:
    office = either_office
    office.add_person()
    run = office.plan()

    def attempt(use_case: object) -> bool:
        try:
            with office.running.unit(office.society) as uow:
                use_case(uow, run)  # type: ignore[operator]
        except (RunNotPlanned, RunNotCreated):
            return False
        return True

    with ThreadPoolExecutor(10) as people:
        assert sum(people.map(attempt, [runs.start_run] * 10)) == 1
    office.work()
    with ThreadPoolExecutor(10) as people:
        assert sum(people.map(attempt, [runs.confirm_run] * 10)) == 1
    office.work()
    assert len(office.invoices()) == len(office.said(InvoiceCreated)) == 1


def test_numbers_run_without_gaps_per_society_and_fiscal_year_of_issue(office: Office) -> None:
    office.add_people([{}] * 3)
    office.bill()
    other = new_id()
    office.hear(
        SocietyChanged(society=Society(id=other, revision=1, slug="other", name="別学会", name_en="Other")),
        society=other,
    )
    office.set_fees(2027)
    office.bill(fiscal_year=2027, charge_start=date(2027, 4, 1))
    assert sorted(row.number for row in office.invoices() if row.number) == [f"I2026-{n:07d}" for n in range(1, 7)]
    with office.running.unit(other, reading=True) as uow:
        assert uow.society.name == "別学会"
        assert selection.count_members(uow) == 0
