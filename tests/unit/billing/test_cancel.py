"""Cancelling runs and invoices (B7)."""

from __future__ import annotations

import pytest

from services.billing import invoices, runs
from services.billing.errors import InvoicesNotCancellable, RunIsPaid, RunOver
from shared.messages.billing import InvoiceCancelled
from tests.unit.billing.invariants import check
from tests.unit.billing.office import Office


def cancel_run(office: Office, run: str) -> None:
    with office.running.unit(office.society) as uow:
        runs.cancel_run(uow, run)
    office.work()


@pytest.mark.rule("B7")
def test_a_confirmed_run_is_cancelled_while_nothing_is_paid(either_office: Office) -> None:
    office = either_office
    office.add_people([{}, {"category": "honorary"}, {}])
    run = office.bill()
    cancel_run(office, run)
    assert [row.state for row in office.invoices()] == ["cancelled"] * 3
    assert {(m.invoice.state, m.invoice.due, m.invoice.revision) for m in office.said(InvoiceCancelled)} == {
        ("cancelled", 0, 2)
    }
    assert (office.run(run).state, len(office.said(InvoiceCancelled))) == ("cancelled", 3)
    with pytest.raises(RunOver):
        cancel_run(office, run)
    assert len(office.invoices(run_id=office.bill(), state="unpaid")) == 2
    check(office)


@pytest.mark.rule("B7")
def test_drafts_are_cancelled_without_a_word(office: Office) -> None:
    office.add_people([{}, {}])
    run = office.create()
    cancel_run(office, run)
    assert (office.run(run).state, [row.state for row in office.invoices()]) == ("cancelled", ["cancelled"] * 2)
    assert not office.said(InvoiceCancelled)


@pytest.mark.rule("B7")
def test_a_run_with_a_payment_is_not_cancelled_and_says_what_blocks(office: Office) -> None:
    office.add_people([{}, {}])
    run = office.bill()
    payment = office.pay(office.invoices()[1].id, 1_000)
    with pytest.raises(RunIsPaid) as refused:
        cancel_run(office, run)
    assert [fault.params for fault in refused.value.faults] == [{"number": "I2026-0000002", "paid": "1,000"}]
    assert office.run(run).state == "confirmed"
    office.take_back(payment)
    cancel_run(office, run)
    assert office.run(run).state == "cancelled"
    check(office)


@pytest.mark.rule("B7")
def test_a_run_that_is_being_created_can_be_cancelled(office: Office) -> None:
    office.add_people([{}] * 3)
    run = office.plan()
    with office.running.unit(office.society) as uow:
        runs.start_run(uow, run)
    cancel_run(office, run)
    assert office.run(run).state == "cancelled"
    assert not [row for row in office.invoices() if row.state != "cancelled"]


@pytest.mark.rule("B7")
def test_of_several_chosen_invoices_all_or_none_are_cancelled(office: Office) -> None:
    office.add_people([{}, {}, {}])
    office.bill()
    first, second, third = office.invoices()
    office.pay(second.id, 10_000)
    with pytest.raises(InvoicesNotCancellable) as refused, office.running.unit(office.society) as uow:
        invoices.cancel_invoices(uow, [first.id, second.id])
    assert [fault.params["invoice"] for fault in refused.value.faults] == ["I2026-0000002"]
    assert [row.state for row in office.invoices()] == ["unpaid", "paid", "unpaid"]
    with office.running.unit(office.society) as uow:
        invoices.cancel_invoices(uow, [first.id, third.id])
    assert [row.state for row in office.invoices()] == ["cancelled", "paid", "cancelled"]
    check(office)


@pytest.mark.rule("B7")
def test_who_was_cancelled_can_be_asked_again(office: Office) -> None:
    office.add_person()
    office.bill()
    (cancelled,) = office.invoices()
    with office.running.unit(office.society) as uow:
        invoices.cancel_invoices(uow, [cancelled.id])
    office.bill()
    assert sorted((row.state, row.number) for row in office.invoices()) == [
        ("cancelled", "I2026-0000001"),
        ("unpaid", "I2026-0000002"),
    ]


def test_a_draft_that_was_cancelled_leaves_no_gap_in_the_numbers(office: Office) -> None:
    office.add_people([{}, {}, {}])
    run = office.create()
    with office.running.unit(office.society) as uow:
        invoices.cancel_invoices(uow, [office.invoices()[1].id])
    office.confirm(run)
    assert [(row.state, row.number) for row in office.invoices()] == [
        ("unpaid", "I2026-0000001"),
        ("cancelled", None),
        ("unpaid", "I2026-0000002"),
    ]
    check(office)
