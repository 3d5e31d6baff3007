"""A registration's life: placed, invoiced, paid, confirmed, cancelled, in whatever order the facts come."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest

from services.events.catalogue import set_switches
from services.events.errors import (
    AlreadyCancelled,
    AlreadyRegistered,
    CancellationEnded,
    RegistrationEnded,
    RegistrationNotOpen,
)
from services.events.registrations import cancel_registration, release_unpaid
from shared import clock
from shared.errors import NotFound
from shared.ids import new_id
from shared.messages.billing import InvoiceCancelled, InvoiceChanged, InvoiceCreated, InvoicePaid
from shared.messages.events import RegistrationCancelled, RegistrationConfirmed, RegistrationPlaced
from shared.messages.payments import RequestExpired
from shared.service import RunningService
from tests.unit.events.facts import (
    OTHER,
    SOCIETY,
    changed,
    event_of,
    invoice_for,
    open_event,
    registered,
    registration_of,
    said,
    said_names,
    tell,
)

DAY = timedelta(days=1)


def test_a_registration_with_a_fee_holds_its_seat_until_it_is_paid(running: RunningService) -> None:
    event_id = open_event(running, methods=["card", "konbini"])
    registration = registered(running, event_id)
    (placed,) = (m for m in said(running) if isinstance(m, RegistrationPlaced))
    it = placed.registration
    assert (it.id, it.state, it.fee, it.tax_class, it.methods) == (
        registration.id,
        "placed",
        5_000,
        "standard",
        ("card", "konbini"),
    )
    assert it.pay_until == clock.today() + 14 * DAY
    bill = invoice_for(registration)
    tell(running, InvoiceCreated(invoice=bill))
    assert registration_of(running, registration.id).is_to_be_paid
    paid = changed(bill, paid=5_000, due=0, state="paid")
    tell(running, InvoiceChanged(invoice=paid), InvoicePaid(invoice=paid, paid_on=clock.today()))
    row = registration_of(running, registration.id)
    assert (row.state, row.paid, row.invoice_state, row.is_to_be_paid) == ("confirmed", 5_000, "paid", False)
    (confirmed,) = (m for m in said(running) if isinstance(m, RegistrationConfirmed))
    assert confirmed.registration.revision > it.revision


@pytest.mark.rule("I2")
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=lambda o: "".join(map(str, o)))
def test_the_order_of_facts_does_not_matter(running: RunningService, order: tuple[int, ...]) -> None:
    registration = registered(running, open_event(running))
    bill = invoice_for(registration)
    part = changed(bill, paid=2_000, due=3_000, state="part_paid")
    paid = changed(part, paid=5_000, due=0, state="paid")
    facts = (
        InvoiceCreated(invoice=bill),
        InvoiceChanged(invoice=part),
        InvoicePaid(invoice=paid, paid_on=clock.today()),
    )
    for index in order:
        tell(running, facts[index])
    row = registration_of(running, registration.id)
    assert (row.state, row.paid, row.invoice_state) == ("confirmed", 5_000, "paid")
    assert said_names(running).count("RegistrationConfirmed") == 1


def test_a_free_registration_is_firm_at_once(running: RunningService) -> None:
    registration = registered(running, open_event(running, fee=0))
    assert registration.state == "confirmed" and registration.pay_until is None
    assert said_names(running) == ["EventPublished", "RegistrationConfirmed", "RegistrationPlaced"]


@pytest.mark.rule("E6")
def test_registration_ends_at_midnight_of_the_last_day(running: RunningService) -> None:
    until = clock.today() + 20 * DAY
    event_id = open_event(running, registration_until=until)
    last_second = clock.end_of(until) - timedelta(seconds=1)
    with clock.travel(to=last_second):
        registration = registered(running, event_id)
    with clock.travel(to=clock.end_of(until)):
        with pytest.raises(RegistrationEnded, match=until.isoformat()):
            registered(running, event_id)
        with pytest.raises(CancellationEnded, match=until.isoformat()), running.unit(SOCIETY) as uow:
            cancel_registration(uow, registration.id, person_id=registration.person_id)
    with clock.travel(to=last_second), running.unit(SOCIETY) as uow:
        cancel_registration(uow, registration.id, person_id=registration.person_id)
    assert isinstance(last_second, datetime) and event_of(running, event_id).taken == 0


@pytest.mark.rule("E6")
def test_staff_cancel_after_the_deadline_too(running: RunningService) -> None:
    registration = registered(running, open_event(running))
    with clock.travel(by=25 * DAY), running.unit(SOCIETY) as uow:
        cancel_registration(uow, registration.id)
    assert registration_of(running, registration.id).state == "cancelled"


def test_a_cancellation_frees_the_seat_and_is_told_once(running: RunningService) -> None:
    event_id = open_event(running, capacity=1)
    registration = registered(running, event_id)
    with running.unit(SOCIETY) as uow:
        cancel_registration(uow, registration.id, person_id=registration.person_id)
    with pytest.raises(AlreadyCancelled), running.unit(SOCIETY) as uow:
        cancel_registration(uow, registration.id, person_id=registration.person_id)
    (cancelled,) = (m for m in said(running) if isinstance(m, RegistrationCancelled))
    assert (cancelled.registration.id, cancelled.registration.state) == (registration.id, "cancelled")
    again = registered(running, event_id, registration.person_id)
    assert again.id != registration.id and event_of(running, event_id).taken == 1


def test_money_that_comes_after_the_cancellation_does_not_revive_it(running: RunningService) -> None:
    event_id = open_event(running)
    registration = registered(running, event_id)
    bill = invoice_for(registration)
    tell(running, InvoiceCreated(invoice=bill))
    with running.unit(SOCIETY) as uow:
        cancel_registration(uow, registration.id)
    tell(running, InvoicePaid(invoice=changed(bill, paid=5_000, due=0, state="paid"), paid_on=clock.today()))
    row = registration_of(running, registration.id)
    assert (row.state, row.paid) == ("cancelled", 5_000)
    assert event_of(running, event_id).taken == 0 and "RegistrationConfirmed" not in said_names(running)


def test_a_cancelled_invoice_ends_an_unpaid_registration_but_not_a_confirmed_one(running: RunningService) -> None:
    event_id = open_event(running)
    unpaid, firm = registered(running, event_id), registered(running, event_id)
    first, second = invoice_for(unpaid), invoice_for(firm)
    paid = changed(second, paid=5_000, due=0, state="paid")
    tell(running, InvoiceCreated(invoice=first), InvoicePaid(invoice=paid, paid_on=clock.today()))
    tell(running, InvoiceCancelled(invoice=changed(first, state="cancelled", due=0)))
    tell(running, InvoiceCancelled(invoice=changed(paid, state="cancelled", due=0)))
    assert [registration_of(running, each.id).state for each in (unpaid, firm)] == ["cancelled", "confirmed"]
    assert event_of(running, event_id).taken == 1


def test_an_expired_request_frees_the_seat_only_when_the_time_to_pay_is_over(running: RunningService) -> None:
    event_id = open_event(running)
    registration = registered(running, event_id)
    bill = invoice_for(registration)
    tell(running, InvoiceCreated(invoice=bill))
    expired = RequestExpired(
        request_id=new_id(), invoice_id=bill.id, payer_id=bill.payer_id, method="konbini", expired_at=clock.now()
    )
    tell(running, expired)
    assert registration_of(running, registration.id).state == "placed"
    with clock.travel(by=16 * DAY):
        tell(running, expired)
    assert registration_of(running, registration.id).state == "cancelled" and event_of(running, event_id).taken == 0


def test_invoices_that_are_for_no_registration_are_nothing_to_events(running: RunningService) -> None:
    registration = registered(running, open_event(running))
    tell(running, InvoiceCreated(invoice=invoice_for(registration, registration_id=None, kind="annual")))
    assert registration_of(running, registration.id).invoice_id is None


@pytest.mark.rule("E2")
def test_a_closed_or_unpublished_event_takes_nobody(running: RunningService) -> None:
    event_id = open_event(running)
    with running.unit(SOCIETY) as uow:
        set_switches(uow, event_id, published=True, registration_open=False, on_my_page=True)
    with pytest.raises(RegistrationNotOpen):
        registered(running, event_id)
    with running.unit(SOCIETY) as uow:
        set_switches(uow, event_id, published=False, registration_open=True, on_my_page=True)
    with pytest.raises(NotFound):
        registered(running, event_id)


def test_nobody_registers_twice_or_cancels_for_another(running: RunningService) -> None:
    event_id = open_event(running)
    registration = registered(running, event_id)
    with pytest.raises(AlreadyRegistered):
        registered(running, event_id, registration.person_id)
    with pytest.raises(NotFound), running.unit(SOCIETY) as uow:
        cancel_registration(uow, registration.id, person_id=new_id())
    with pytest.raises(NotFound), running.unit(OTHER) as uow:
        cancel_registration(uow, registration.id)
    assert event_of(running, event_id).taken == 1


@pytest.mark.rule("E15")
def test_a_seat_that_nobody_pays_for_is_free_again_some_days_after_the_deadline(running: RunningService) -> None:
    event_id = open_event(running)
    registration = registered(running, event_id)
    assert registration.pay_until is not None
    for days, state, taken in ((15, "placed", 1), (20, "cancelled", 0), (20, "cancelled", 0)):
        with clock.travel(by=days * DAY), running.unit(SOCIETY) as uow:
            release_unpaid(uow)
        assert registration_of(running, registration.id).state == state
        assert event_of(running, event_id).taken == taken
