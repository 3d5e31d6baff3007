"""Requests to pay follow billing's invoices, whatever order the messages come in."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from services.payments.models import AttemptRow, RequestRow
from shared.bus.retry import work_off
from shared.messages.billing import InvoiceCancelled, InvoiceChanged, InvoiceCreated
from shared.messages.payments import PaymentReceived
from tests.unit.payments.bank import start_transfer
from tests.unit.payments.test_notices import waiting
from tests.unit.payments.world import World, invoice_of


@pytest.mark.rule("A8")
@pytest.mark.parametrize("cancelled", [False, True])
def test_the_newest_word_of_billing_wins_in_every_order(world: World, cancelled: bool) -> None:
    payer = world.person()
    for order in itertools.permutations(range(4)):
        first = invoice_of(payer, 10_000)
        part = msgspec.structs.replace(first, revision=2, paid=4_000, due=6_000, state="part_paid")
        renamed = msgspec.structs.replace(part, revision=3, title="新しい名称")
        last = msgspec.structs.replace(renamed, revision=4, due=0, state="cancelled" if cancelled else "paid")
        end = InvoiceCancelled(invoice=last) if cancelled else InvoiceChanged(invoice=last)
        messages = [InvoiceCreated(invoice=first), InvoiceChanged(invoice=part), InvoiceChanged(invoice=renamed), end]
        for place in order:
            world.hear(messages[place])
        row = next(row for row in world.rows(RequestRow) if row.invoice_id == first.id)
        assert (row.state, row.due, row.title) == ("closed" if cancelled else "paid", 0, "新しい名称")


@pytest.mark.rule("A7")
def test_a_batch_with_repetitions_opens_each_request_once(world: World) -> None:
    payer = world.person()
    invoices = [invoice_of(payer, 100 + n) for n in range(500)]
    world.hear(*(InvoiceCreated(invoice=invoice) for invoice in [*invoices, *invoices]))
    world.hear(*(InvoiceCreated(invoice=invoice) for invoice in invoices[::-1]))
    rows = world.rows(RequestRow)
    assert sorted(row.due for row in rows) == [100 + n for n in range(500)]


def test_batches_in_parallel_open_each_request_once_on_postgresql(pg_world: World) -> None:
    payer = pg_world.person()
    invoices = [invoice_of(payer, 100 + n) for n in range(100)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: pg_world.hear(*(InvoiceCreated(invoice=invoice) for invoice in invoices)), range(4)))
    while work_off(pg_world.running):
        pass
    assert len(pg_world.rows(RequestRow)) == 100


@pytest.mark.rule("D10")
def test_slip_at_an_old_price_is_stopped_and_an_account_takes_the_new_price(world: World) -> None:
    slip = waiting(world)
    account = start_transfer(world, world.person(), 10_000)
    for attempt in (slip, account):
        (request,) = [row for row in world.rows(RequestRow) if row.id == attempt.request_id]
        cheaper = invoice_of(request.payer_id, 7_000, id=request.invoice_id, revision=2, number=request.invoice_number)
        world.hear(InvoiceChanged(invoice=cheaper))
    assert (world.attempt(slip.invoice_id).state, world.attempt(slip.invoice_id).void) == ("cancelled", True)
    after = world.attempt(account.invoice_id)
    assert (after.state, after.amount) == ("waiting", 7_000)


@pytest.mark.rule("P24+")
def test_money_for_a_cancelled_invoice_is_booked_and_said(world: World) -> None:
    attempt = waiting(world)
    (request,) = [row for row in world.rows(RequestRow) if row.id == attempt.request_id]
    gone = invoice_of(
        request.payer_id, 0, id=request.invoice_id, revision=2, number=request.invoice_number, state="cancelled"
    )
    world.hear(InvoiceCancelled(invoice=gone))
    assert world.attempt(attempt.invoice_id).state == "cancelled"
    assert world.notify(world.event(attempt, "paid")).status_code == 200
    (said,) = world.said(PaymentReceived)
    assert said.payment.amount == 10_000 and said.payment.invoice_id == attempt.invoice_id


@pytest.mark.rule("P9")
def test_twenty_starts_at_once_are_one_attempt_on_postgresql(pg_world: World) -> None:
    payer = pg_world.person()
    invoice = pg_world.invoice(payer)
    member = pg_world.as_member(payer)
    url = f"/payments/api/my/requests/{invoice.id}/attempts"
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: member.post(url, json={"method": "konbini", "chain": "lawson"}).status_code, range(20))
        )
    assert sorted(answers) == [201] + [409] * 19
    assert len(pg_world.rows(AttemptRow)) == 1
