"""A member pays at a convenience store: number, counter, preliminary and final notice."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from services.payments.asking import ask_providers
from services.payments.attempts import cancel_attempt, expire_attempts
from services.payments.models import AttemptRow, PaymentRow
from shared import clock
from shared.messages.payments import InstructionsIssued, PaymentReceived, RequestExpired
from tests.unit.payments.world import World, wait_until


def start(world: World, payer: str, invoice_id: str, chain: str = "lawson") -> AttemptRow:
    page = world.as_member(payer).post(f"/payments/my/pay/{invoice_id}", {"method": "konbini", "chain": chain})
    assert page.status_code == 200, page.text
    return world.attempt(invoice_id)


def at_the_till(world: World, attempt: AttemptRow, action: str, **more: str) -> requests.Response:
    told = attempt.instructions
    number = {"number": told["konbini_number"], "confirmation": told.get("confirmation_number") or ""}
    english = {"Accept-Language": "en"}
    assert f"{attempt.amount:,}" in requests.get(f"{world.url}/sandbox/store", params=number, timeout=10).text
    url = f"{world.url}/sandbox/store/{attempt.reference}"
    return requests.post(url, data={"action": action, **more}, headers=english, timeout=10)


@pytest.mark.rule("P6")
@pytest.mark.parametrize("chain", ["seven_eleven", "lawson", "familymart", "ministop", "seicomart"])
def test_number_is_shown_mailed_and_paid_within_seconds(world: World, chain: str) -> None:
    payer = world.person()
    invoice = world.invoice(payer, 300_000)
    attempt = start(world, payer, invoice.id, chain)
    (issued,) = world.said(InstructionsIssued)
    number = issued.instructions.konbini_number
    page = world.as_member(payer).get(f"/payments/my/pay/{invoice.id}").text
    assert number is not None and number in page and issued.instructions.chain == chain
    assert len(number) == (13 if chain == "seven_eleven" else 11)
    assert at_the_till(world, attempt, "pay").status_code == 200
    world.wait_for_state(invoice.id, "paid")
    (payment,) = world.said(PaymentReceived)
    assert (payment.payment.amount, payment.payment.method) == (300_000, "konbini")


@pytest.mark.rule("P6")
@pytest.mark.rule("D6")
@pytest.mark.parametrize(("due", "offered"), [(300_000, True), (300_001, False)])
def test_stores_take_three_hundred_thousand_yen_at_most(world: World, due: int, offered: bool) -> None:
    payer = world.person()
    invoice = world.invoice(payer, due)
    member = world.as_member(payer)
    page = member.get(f"/payments/my/pay/{invoice.id}").text
    assert ("chain=lawson" in page) is offered
    assert ("at most ¥300,000" in page) is not offered
    member.post(f"/payments/my/pay/{invoice.id}", {"method": "konbini", "chain": "lawson"})
    assert bool(world.rows(AttemptRow)) is offered


@pytest.mark.rule("P6")
@pytest.mark.rule("D8")
def test_scan_is_no_money_and_may_be_withdrawn(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    attempt = start(world, payer, invoice.id)
    at_the_till(world, attempt, "scan")
    wait_until(lambda: world.attempt(invoice.id).provisional)
    member = world.as_member(payer)
    assert "being confirmed" in member.get(f"/payments/my/pay/{invoice.id}").text
    assert not world.rows(PaymentRow)
    assert member.post(f"/payments/my/pay/{invoice.id}/change").status_code == 409
    with clock.travel(by=timedelta(days=20)), world.unit() as uow:
        expire_attempts(uow)
    assert world.attempt(invoice.id).state == "waiting", "scanned in time: the final notice is only late"
    at_the_till(world, attempt, "withdraw")
    wait_until(lambda: not world.attempt(invoice.id).provisional)
    assert world.attempt(invoice.id).state == "waiting" and not world.rows(PaymentRow)
    at_the_till(world, attempt, "pay")
    world.wait_for_state(invoice.id, "paid")
    assert len(world.said(PaymentReceived)) == 1


@pytest.mark.rule("D8")
@pytest.mark.rule("D10")
def test_a_slip_that_was_scanned_while_we_stopped_it_is_stopped_once_the_scan_is_withdrawn(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    attempt = start(world, payer, invoice.id)
    world.gateway.down.add("payments")  # the news of the scan does not come through
    at_the_till(world, attempt, "scan")
    with world.unit() as uow:
        cancel_attempt(uow, invoice.id, payer_id=payer)
    with clock.travel(by=timedelta(minutes=1)):
        ask_providers(world.running)
    assert world.attempt(invoice.id).void, "the provider has not agreed yet"
    at_the_till(world, attempt, "withdraw")
    with clock.travel(by=timedelta(hours=2)):
        ask_providers(world.running)
    assert not world.attempt(invoice.id).void
    assert "This is not possible any more" in at_the_till(world, attempt, "pay").text


@pytest.mark.rule("P6")
@pytest.mark.rule("P4")
def test_deadline_counts_the_day_of_registration_and_ends_at_midnight_in_tokyo(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    attempt = start(world, payer, invoice.id)
    told = attempt.pay_until.astimezone(clock.TOKYO)
    assert (told.hour, told.minute, told.second) == (23, 59, 59)
    assert (told.date() - clock.today()).days == 13
    before, after = attempt.pay_until - clock.now(), attempt.expires_at - clock.now()
    for moment, state in ((before, "waiting"), (after, "expired")):
        with clock.travel(by=moment), world.unit() as uow:
            expire_attempts(uow)
        assert world.attempt(invoice.id).state == state
    (expired,) = world.said(RequestExpired)
    assert expired.invoice_id == invoice.id
    with clock.travel(by=after + timedelta(minutes=1)):
        ask_providers(world.running)
        page = world.as_member(payer).get(f"/payments/my/pay/{invoice.id}").text
        assert "The deadline has passed" in page and "chain=lawson" in page
        start(world, payer, invoice.id)
    assert [row.state for row in world.rows(AttemptRow)] == ["expired", "waiting"]


@pytest.mark.rule("P24+")
@pytest.mark.rule("D9")
@pytest.mark.rule("D10")
@pytest.mark.parametrize("ended_by", ["expiry", "change"])
def test_money_for_a_dead_slip_is_kept_and_marked_late(world: World, ended_by: str) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    attempt = start(world, payer, invoice.id)
    if ended_by == "change":
        world.as_member(payer).post(f"/payments/my/pay/{invoice.id}/change")
        assert "This is not possible any more" in at_the_till(world, attempt, "pay").text, "the provider was told"
        at_the_till(world, attempt, "pay", though_over="1")
        wait_until(lambda: world.rows(PaymentRow))
    else:
        with clock.travel(by=timedelta(days=15)):
            with world.unit() as uow:
                expire_attempts(uow)
            at_the_till(world, attempt, "pay", though_over="1")
            wait_until(lambda: world.rows(PaymentRow))
    (payment,) = world.rows(PaymentRow)
    assert payment.late and payment.invoice_id == invoice.id
    (said,) = world.said(PaymentReceived)
    assert said.payment.invoice_id == invoice.id, "billing applies it or keeps it as credit"


@pytest.mark.rule("P9")
def test_only_one_way_at_a_time_and_it_can_be_changed_until_paid(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    first = start(world, payer, invoice.id)
    member = world.as_member(payer)
    page = member.post(f"/payments/my/pay/{invoice.id}", {"method": "bank_transfer"}).text
    assert "already under way" in page and len(world.rows(AttemptRow)) == 1
    member.post(f"/payments/my/pay/{invoice.id}/change")
    second = member.post(f"/payments/my/pay/{invoice.id}", {"method": "bank_transfer"})
    assert "Account holder" in second.text
    assert [row.state for row in world.rows(AttemptRow)] == ["cancelled", "waiting"]
    slip = requests.get(
        f"{world.url}/sandbox/api/charges/{first.reference}",
        headers={"Authorization": "Bearer sandbox-secret-of-the-tests"},
        timeout=10,
    )
    assert slip.json()["state"] == "cancelled"


@pytest.mark.rule("P1")
def test_only_the_methods_of_the_invoice_are_offered(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer, methods=("konbini",))
    member = world.as_member(payer)
    page = member.get(f"/payments/my/pay/{invoice.id}").text
    assert "method=konbini" in page and "method=card" not in page and "bank_transfer" not in page
    assert "not offered" in member.post(f"/payments/my/pay/{invoice.id}", {"method": "card"}).text


@pytest.mark.rule("P17")
def test_online_methods_take_exactly_what_is_due(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer, 12_345)
    assert start(world, payer, invoice.id).amount == 12_345


@pytest.mark.rule("O3")
def test_nobody_sees_or_pays_the_invoice_of_somebody_else(world: World) -> None:
    invoice = world.invoice(world.person())
    stranger = world.as_member(world.person("佐藤", "サトウ"))
    for answer in (
        stranger.get(f"/payments/my/pay/{invoice.id}"),
        stranger.get(f"/payments/my/pay/{invoice.id}/state"),
        stranger.post(f"/payments/my/pay/{invoice.id}", {"method": "card"}),
        stranger.post(f"/payments/my/pay/{invoice.id}/change"),
        stranger.get(f"/payments/api/my/requests/{invoice.id}"),
    ):
        assert answer.status_code == 404


def test_page_fetches_itself_only_when_something_changed(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    attempt = start(world, payer, invoice.id)
    member = world.as_member(payer)
    page = member.get(f"/payments/my/pay/{invoice.id}").text
    poll = page.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert member.get(poll).status_code == 204
    at_the_till(world, attempt, "pay")
    world.wait_for_state(invoice.id, "paid")
    fresh = member.get(poll)
    assert fresh.status_code == 200 and "Your payment has arrived" in fresh.text and "hx-get" not in fresh.text


def test_unpaid_slip_is_voided_when_the_invoice_is_settled_otherwise(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    attempt = start(world, payer, invoice.id)
    body = {
        "method": "cash",
        "received_on": clock.today().isoformat(),
        "parts": [{"amount": 10_000, "invoice_id": invoice.id}],
        "entry_key": attempt.id,
    }
    assert world.as_staff().post("/payments/api/payments", json=body).status_code == 201
    assert world.attempt(invoice.id).state == "cancelled"
    ask_providers(world.running)
    assert "not possible any more" in at_the_till(world, attempt, "pay").text
