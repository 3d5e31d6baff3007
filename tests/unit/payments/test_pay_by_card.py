"""A member pays by card on the provider's pages, with 3-D Secure."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
import sqlalchemy as sa

from services.payments.asking import ask_providers, retry_notices
from services.payments.models import AttemptRow, CardLockRow, PaymentRow
from shared import clock
from shared.messages.payments import PaymentReceived
from tests.unit.payments.world import Browser, World, wait_until

GOOD, FAILS, NOT_ENROLLED, DECLINED = "4242424242424242", "4000000000000127", "4000000000000069", "4000000000000002"


def enter_card(world: World, page: requests.Response, number: str, answer: str | None = "pass") -> requests.Response:
    """Everything that happens on the provider's pages; ends on ours."""
    charge = page.url.rsplit("/", 1)[1]
    card = f"{world.url}/sandbox/card/{charge}"
    assert requests.post(card, data={"number": number}, timeout=10).status_code == 200
    sent = requests.post(f"{card}/send", timeout=10, allow_redirects=False)
    if answer and sent.headers["Location"].startswith("/sandbox"):
        sent = requests.post(f"{card}/secure", data={"answer": answer}, timeout=10, allow_redirects=False)
    return sent


def choose_card(member: Browser, invoice_id: str) -> requests.Response:
    assert member.get(f"/payments/my/pay/{invoice_id}/confirm?method=card").status_code == 200
    return member.post(f"/payments/my/pay/{invoice_id}", {"method": "card"})


@pytest.mark.rule("P2")
@pytest.mark.rule("P21+")
def test_card_is_entered_confirmed_sent_and_only_then_charged(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer, 10_000)
    member = world.as_member(payer)
    page = choose_card(member, invoice.id)
    assert "/sandbox/card/" in page.url
    charge = page.url.rsplit("/", 1)[1]
    confirm = requests.post(page.url, data={"number": GOOD}, timeout=10)
    assert "4242" in confirm.text and GOOD not in confirm.text
    assert world.attempt(invoice.id).state == "waiting" and not world.rows(PaymentRow)
    requests.post(f"{world.url}/sandbox/card/{charge}/send", timeout=10)
    world.wait_for_state(invoice.id, "authorising")
    assert not world.rows(PaymentRow)
    back = requests.post(
        f"{world.url}/sandbox/card/{charge}/secure", data={"answer": "pass"}, timeout=10, allow_redirects=False
    )
    assert back.headers["Location"].startswith(f"{world.url}/payments/my/pay/{invoice.id}?back=1")
    world.wait_for_state(invoice.id, "paid")
    (said,) = world.said(PaymentReceived)
    assert (said.payment.amount, said.payment.method, said.payment.invoice_id) == (10_000, "card", invoice.id)
    assert said.payment.provider_number == charge
    assert "Paid" in member.get(f"/payments/my/pay/{invoice.id}").text


@pytest.mark.rule("P2")
def test_a_page_that_stands_open_with_nothing_under_way_sees_a_payment_made_elsewhere(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer, 10_000)
    member = world.as_member(payer)
    open_page = member.get(f"/payments/my/pay/{invoice.id}")
    [again] = re.findall(r'hx-get="([^"]+)"', open_page.text)
    again = html.unescape(again)
    assert member.get(again).status_code == 204
    enter_card(world, choose_card(member, invoice.id), GOOD)
    world.wait_for_state(invoice.id, "paid")
    assert "Your payment has arrived" in member.get(again).text


@pytest.mark.rule("P3")
@pytest.mark.rule("D19")
@pytest.mark.parametrize(
    ("number", "failure"),
    [(FAILS, "authentication_failed"), (NOT_ENROLLED, "not_enrolled"), (GOOD, "authentication_failed")],
)
def test_failed_check_locks_cards_of_this_payer_for_thirty_minutes(world: World, number: str, failure: str) -> None:
    payer = world.person()
    first, second = world.invoice(payer), world.invoice(payer)
    member = world.as_member(payer)
    enter_card(world, choose_card(member, first.id), number, "fail")
    assert world.wait_for_state(first.id, "failed").failure == failure
    for invoice in (first, second):
        page = member.post(f"/payments/my/pay/{invoice.id}", {"method": "card"})
        assert "sandbox" not in page.url and "Card payment is possible again at" in page.text
        assert "Card payment is locked until" in page.text
    assert len(world.rows(AttemptRow)) == 1
    konbini = member.post(f"/payments/my/pay/{first.id}", {"method": "konbini", "chain": "lawson"})
    assert "Customer number" in konbini.text, "other ways stay open"
    stranger = world.person("佐藤 一郎", "サトウ イチロウ")
    theirs = world.invoice(stranger)
    assert "/sandbox/card/" in choose_card(world.as_member(stranger), theirs.id).url, "nobody else is locked"


@pytest.mark.rule("P3")
@pytest.mark.rule("D19")
def test_lock_ends_to_the_second(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    member = world.as_member(payer)
    enter_card(world, choose_card(member, invoice.id), FAILS)
    world.wait_for_state(invoice.id, "failed")
    with clock.travel(by=timedelta(minutes=29, seconds=50)):
        member = world.as_member(payer)
        assert "/sandbox/" not in member.post(f"/payments/my/pay/{invoice.id}", {"method": "card"}).url
    with clock.travel(by=timedelta(minutes=30, seconds=1)):
        member = world.as_member(payer)
        assert "/sandbox/card/" in member.post(f"/payments/my/pay/{invoice.id}", {"method": "card"}).url


@pytest.mark.rule("D19")
def test_card_pages_that_stand_open_are_closed_by_the_lock(world: World) -> None:
    payer = world.person()
    first, second = world.invoice(payer), world.invoice(payer)
    member = world.as_member(payer)
    other_page = choose_card(member, second.id)
    enter_card(world, choose_card(member, first.id), FAILS)
    world.wait_for_state(first.id, "failed")
    assert world.attempt(second.id).state == "cancelled"
    ask_providers(world.running)
    assert requests.get(other_page.url, timeout=10).text.count("<input") == 0


@pytest.mark.rule("P3")
def test_declined_card_is_told_and_locks_nothing(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    member = world.as_member(payer)
    enter_card(world, choose_card(member, invoice.id), DECLINED)
    world.wait_for_state(invoice.id, "failed")
    assert "declined" in member.get(f"/payments/my/pay/{invoice.id}").text
    assert "/sandbox/card/" in choose_card(member, invoice.id).url


@pytest.mark.rule("S27")
def test_card_number_is_found_nowhere_in_our_database_nor_in_the_sandbox(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    enter_card(world, choose_card(world.as_member(payer), invoice.id), GOOD)
    world.wait_for_state(invoice.id, "paid")
    home = world.running.settings.home
    wait_until(lambda: world.rows(PaymentRow))
    for path in home.rglob("*.db*"):
        assert GOOD.encode() not in path.read_bytes(), path
    page = world.as_member(payer).get(f"/payments/my/pay/{invoice.id}")
    assert "card_number" not in page.text and 'autocomplete="cc' not in page.text


@pytest.mark.rule("D19")
def test_ten_failures_at_once_are_one_lock_and_leave_no_page_open_on_postgresql(pg_world: World) -> None:
    world = pg_world
    payer = world.person()
    member = world.as_member(payer)
    invoices = [world.invoice(payer) for _ in range(10)]
    for invoice in invoices:
        choose_card(member, invoice.id)
    failed = [world.event(world.attempt(i.id), "failed", failure="authentication_failed") for i in invoices]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda event: world.notify(event).status_code, failed))
    with clock.travel(by=timedelta(minutes=1)):
        retry_notices(world.running)
    assert set(answers) <= {200, 202}
    assert {row.state for row in world.rows(AttemptRow)} <= {"failed", "cancelled"}
    with world.look() as uow:
        assert len(uow.session.scalars(sa.select(CardLockRow)).all()) == 1
    page = member.post(f"/payments/my/pay/{invoices[0].id}", {"method": "card"})
    assert "Card payment is locked until" in page.text
