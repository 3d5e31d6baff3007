"""Payments applied, taken back, left over (B10, B13, B15, I3, I6)."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.billing import allocation, invoices
from services.billing.errors import InvoiceAlreadyPaid, NoCredit
from services.billing.models import AllocationRow, InvoiceRow, ReceiptRow
from shared.ids import new_id
from shared.messages.billing import CreditChanged, InvoiceCancelled, InvoiceChanged, InvoicePaid, ReceiptIssued
from shared.messages.events import Registration, RegistrationCancelled, RegistrationPlaced
from shared.messages.payments import PaymentReceived
from tests.unit.billing.invariants import check
from tests.unit.billing.office import Office


@pytest.fixture
def invoice(office: Office) -> InvoiceRow:
    office.add_person()
    office.bill()
    (found,) = office.invoices()
    return found


def latest(office: Office, invoice: InvoiceRow) -> InvoiceRow:
    (found,) = office.invoices(id=invoice.id)
    return found


def credit(office: Office) -> int:
    """As it was told last."""
    said = sorted(office.said(CreditChanged), key=lambda message: message.revision)
    return said[-1].balance if said else 0


@pytest.mark.rule("B13")
def test_a_part_payment_and_the_rest(office: Office, invoice: InvoiceRow) -> None:
    office.pay(invoice.id, 4_000)
    assert (latest(office, invoice).state, latest(office, invoice).due) == ("part_paid", 6_000)
    assert not office.all(ReceiptRow)
    office.pay(invoice.id, 6_000)
    assert latest(office, invoice).state == "paid"
    assert sorted(message.invoice.revision for message in office.said(InvoiceChanged)) == [2, 3]
    (paid,) = office.said(InvoicePaid)
    assert (paid.invoice.paid, paid.invoice.due, str(paid.paid_on)) == (10_000, 0, "2026-05-01")
    (receipt,) = office.said(ReceiptIssued)
    assert (receipt.number, receipt.amount, receipt.invoice_id) == ("R2026-0000001", 10_000, invoice.id)
    assert credit(office) == 0
    check(office)


@pytest.mark.rule("B13")
def test_the_same_payment_told_twice_counts_once(office: Office, invoice: InvoiceRow) -> None:
    payment = office.pay(invoice.id, 4_000, again=True)
    office.hear(PaymentReceived(payment=payment))  # in another envelope
    assert latest(office, invoice).paid == 4_000
    check(office)


@pytest.mark.rule("B10")
def test_what_is_paid_too_much_stays_as_credit_and_pays_another_invoice(office: Office, invoice: InvoiceRow) -> None:
    office.pay(invoice.id, 13_500)
    assert (latest(office, invoice).state, latest(office, invoice).paid, credit(office)) == ("paid", 10_000, 3_500)
    registered = place(office, invoice.payer_id, 5_000)
    (event,) = office.invoices(registration_id=registered.id)
    with office.running.unit(office.society) as uow:
        assert allocation.use_credit(uow, event.id) == 3_500
    assert (latest(office, event).state, latest(office, event).due, credit(office)) == ("part_paid", 1_500, 0)
    with pytest.raises(NoCredit), office.running.unit(office.society) as uow:
        allocation.use_credit(uow, event.id)
    with pytest.raises(InvoiceAlreadyPaid), office.running.unit(office.society) as uow:
        allocation.use_credit(uow, invoice.id)
    check(office)


@pytest.mark.rule("B10")
def test_money_without_an_invoice_is_credit(office: Office, invoice: InvoiceRow) -> None:
    office.pay(None, 2_000, payer=invoice.payer_id)
    assert (latest(office, invoice).paid, credit(office)) == (0, 2_000)
    check(office)


@pytest.mark.rule("A8")
def test_a_payment_that_comes_before_its_invoice_waits_for_it(office: Office) -> None:
    office.add_person()
    run = office.create()
    (draft,) = office.invoices()
    office.pay(draft.id, 10_000)
    assert office.waiting() == ["retrying"]
    office.confirm(run)
    office.try_again()
    assert (office.waiting(), latest(office, draft).state) == ([], "paid")
    check(office)


def test_a_payment_that_names_nobody_is_parked(office: Office) -> None:
    office.pay(None, 1_000)
    office.try_again()
    assert office.waiting() == ["parked"]
    check(office)


@pytest.mark.rule("I3")
@pytest.mark.rule("I6")
def test_a_reversed_payment_frees_the_invoice_and_voids_the_receipt(office: Office, invoice: InvoiceRow) -> None:
    payment = office.pay(invoice.id, 12_000)
    office.take_back(payment)
    office.take_back(payment)
    found = latest(office, invoice)
    assert (found.state, found.paid, credit(office)) == ("unpaid", 0, 0)
    assert [entry.amount for entry in sorted(office.all(AllocationRow), key=lambda entry: -entry.amount)] == [
        10_000,
        -10_000,
    ]
    (receipt,) = office.all(ReceiptRow)
    assert receipt.is_void
    office.pay(invoice.id, 10_000)
    assert sorted((r.number, r.is_void) for r in office.all(ReceiptRow)) == [
        ("R2026-0000001", True),
        ("R2026-0000002", False),
    ]
    check(office)


@pytest.mark.rule("B7")
@pytest.mark.rule("B10")
def test_a_payment_for_a_cancelled_invoice_is_credit(office: Office, invoice: InvoiceRow) -> None:
    with office.running.unit(office.society) as uow:
        invoices.cancel_invoices(uow, [invoice.id])
    office.pay(invoice.id, 10_000)
    assert (latest(office, invoice).state, latest(office, invoice).paid, credit(office)) == ("cancelled", 0, 10_000)
    check(office)


def registration(person: str, fee: int, **values: Any) -> Registration:
    known: dict[str, Any] = {"id": new_id(), "revision": 1, "event_id": new_id(), "event_title": "第10回大会"}
    known |= {"event_title_en": "10th Meeting", "state": "placed", "tax_class": "standard", "methods": ("card",)}
    return Registration(person_id=person, fee=fee, **{**known, **values})


def place(office: Office, person: str, fee: int) -> Registration:
    placed = registration(person, fee)
    office.hear(RegistrationPlaced(registration=placed))
    return placed


@pytest.mark.rule("B15")
def test_a_registration_gets_its_invoice_at_once(office: Office) -> None:
    person = office.add_person()
    placed = place(office, person, 5_000)
    office.hear(RegistrationPlaced(registration=placed))
    place(office, person, 0)
    (invoice,) = office.invoices()
    assert (invoice.kind, invoice.state, invoice.number, invoice.due) == ("event", "unpaid", "I2026-0000001", 5_000)
    assert (invoice.registration_id, invoice.methods, invoice.title) == (placed.id, ["card"], "第10回大会")


@pytest.mark.rule("B10")
@pytest.mark.parametrize(("paid", "left"), [((), 0), ((2_000,), 2_000), ((5_000,), 5_000)])
def test_a_cancelled_registration_leaves_nothing_due(office: Office, paid: Iterable[int], left: int) -> None:
    placed = place(office, office.add_person(), 5_000)
    (invoice,) = office.invoices()
    for amount in paid:
        office.pay(invoice.id, amount)
    office.hear(RegistrationCancelled(registration=placed), again=True)
    found = latest(office, invoice)
    assert (found.state, found.paid, found.due, credit(office)) == ("cancelled", 0, 0, left)
    (said,) = office.said(InvoiceCancelled)
    assert (said.invoice.due, said.invoice.revision) == (0, found.revision)
    assert all(receipt.is_void for receipt in office.all(ReceiptRow))
    check(office)


@pytest.mark.rule("A8")
def test_a_cancellation_that_overtakes_its_registration_waits(office: Office) -> None:
    placed = registration(office.add_person(), 5_000)
    office.hear(RegistrationCancelled(registration=placed))
    assert office.waiting() == ["retrying"]
    office.hear(RegistrationPlaced(registration=placed))
    office.try_again()
    assert [row.state for row in office.invoices()] == ["cancelled"]


@pytest.mark.rule("D11")
@pytest.mark.rule("I3")
def test_money_that_moves_at_the_same_moment_is_counted_once(either_office: Office) -> None:
    """Paid twice, taken back and cancelled by several hands at once: whoever comes first, the books are right."""
    office = either_office
    office.add_people([{}, {}])
    office.bill()
    ids = [invoice.id for invoice in office.invoices()]
    early = [office.pay(id, 3_000) for id in ids]

    def act(number: int) -> None:
        id, payment = ids[number % 2], early[number % 2]
        if number % 5 == 4:
            office.take_back(payment)
        else:
            late = office.pay(id, 2_500, again=True)
            if number % 3 == 0:
                office.take_back(late)

    with ThreadPoolExecutor(6) as hands:
        list(hands.map(act, range(24)))
    office.try_again()
    assert office.waiting() == []
    taken_back = sum(1 for number in range(24) if number % 5 != 4 and number % 3 == 0)
    late = sum(1 for number in range(24) if number % 5 != 4)
    assert office.scalar("SELECT count(*) FROM payments WHERE state = 'received'") == late - taken_back
    check(office)
