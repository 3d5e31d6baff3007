"""The provider is silent, slow or gone, or we are: nobody pays twice, and nothing stays undecided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import requests

from services.payments.asking import ask_providers
from services.payments.models import AttemptRow, PaymentRow
from services.payments.providers.sandbox import SandboxProvider
from services.payments.sandbox.app import create_sandbox
from shared import clock
from shared.messages.payments import InstructionsIssued, PaymentReceived
from tests.unit.payments.test_notices import waiting
from tests.unit.payments.test_pay_at_the_store import at_the_till, start
from tests.unit.payments.world import SECRET, World, wait_until

KEY = {"Authorization": f"Bearer {SECRET}"}


def charges(world: World) -> list[dict[str, Any]]:
    """What the provider has in its own books."""
    query = {"merchant": world.society}
    found: list[dict[str, Any]] = requests.get(
        f"{world.url}/sandbox/api/charges", params=query, headers=KEY, timeout=10
    ).json()["charges"]
    return found


@contextmanager
def answers_get_lost(world: World) -> Iterator[None]:
    """The provider does what it is asked, and its answer never reaches us."""
    inner = world.gateway.apps["sandbox"]

    def lose(environ: Any, start_response: Any) -> Any:
        answer = b"".join(inner(environ, lambda *_: lambda _: None))
        if environ["PATH_INFO"].startswith("/sandbox/api"):
            start_response("504 Gateway Timeout", [("Content-Length", "0")])
            return []
        start_response("200 OK", [("Content-Type", "text/html")])
        return [answer]

    world.gateway.apps["sandbox"] = lose
    try:
        yield
    finally:
        world.gateway.apps["sandbox"] = inner


@pytest.mark.rule("D7")
def test_lost_answer_is_asked_for_with_the_same_key_and_gives_the_same_charge(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    member = world.as_member(payer)
    with answers_get_lost(world):
        page = member.post(f"/payments/my/pay/{invoice.id}", {"method": "konbini", "chain": "lawson"})
    assert "being prepared" in page.text and world.attempt(invoice.id).state == "starting"
    assert len(charges(world)) == 1, "the provider did it"
    assert "already under way" in member.post(f"/payments/my/pay/{invoice.id}", {"method": "card"}).text
    with clock.travel(by=timedelta(minutes=1)):
        ask_providers(world.running)
    attempt = world.attempt(invoice.id)
    assert attempt.state == "waiting" and [charge["id"] for charge in charges(world)] == [attempt.reference]
    assert len(world.said(InstructionsIssued)) == 1


@pytest.mark.rule("D7")
def test_provider_that_is_down_is_asked_again_until_it_is_up(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    world.gateway.down.add("sandbox")
    world.as_member(payer).post(f"/payments/my/pay/{invoice.id}", {"method": "bank_transfer"})
    with clock.travel(by=timedelta(minutes=2)):
        ask_providers(world.running)
    assert world.attempt(invoice.id).state == "starting" and not charges_when_up(world)
    with clock.travel(by=timedelta(hours=2)):
        ask_providers(world.running)
    assert world.attempt(invoice.id).state == "waiting"


def charges_when_up(world: World) -> list[dict[str, Any]]:
    world.gateway.down.discard("sandbox")
    return charges(world)


@pytest.mark.rule("D7")
def test_attempt_that_was_given_up_before_the_provider_answered_is_cancelled_there(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    member = world.as_member(payer)
    with answers_get_lost(world):
        member.post(f"/payments/my/pay/{invoice.id}", {"method": "konbini", "chain": "lawson"})
        member.post(f"/payments/my/pay/{invoice.id}/change")
    with clock.travel(by=timedelta(minutes=10)):
        ask_providers(world.running)
    (charge,) = charges(world)
    assert charge["state"] == "cancelled" and not world.attempt(invoice.id).void
    assert not world.said(InstructionsIssued), "nobody is told a number that is not good"


@pytest.mark.rule("D7")
@pytest.mark.parametrize("how", ["nobody asks for a day", "the payer gives up, then nobody asks for a day"])
def test_what_a_lost_answer_began_does_not_stay_open_at_the_provider(world: World, how: str) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    member = world.as_member(payer)
    with answers_get_lost(world):
        member.post(f"/payments/my/pay/{invoice.id}", {"method": "card"})
        if "gives up" in how:
            member.post(f"/payments/my/pay/{invoice.id}/change")
    with clock.travel(by=timedelta(hours=25)):
        for _ in range(2):
            ask_providers(world.running)
    (charge,) = charges(world)
    assert charge["state"] in ("cancelled", "expired")
    attempt = world.attempt(invoice.id)
    assert not attempt.is_live and not attempt.void and attempt.next_ask_at is None
    assert attempt.reference == charge["id"]


@pytest.mark.rule("D4")
def test_payments_whose_notices_never_come_are_found_by_asking(world: World) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    attempt = start(world, payer, invoice.id)
    world.gateway.down.add("payments")
    at_the_till(world, attempt, "pay")
    with clock.travel(by=timedelta(hours=2)):
        ask_providers(world.running)
    assert world.attempt(invoice.id).state == "paid"
    world.gateway.down.clear()
    assert world.notify(world.event(attempt, "paid")).status_code == 200
    assert len(world.said(PaymentReceived)) == 1, "and a late notice changes nothing"


@pytest.mark.rule("P21+")
def test_sandbox_goes_on_sending_after_a_restart(world: World) -> None:
    attempt = waiting(world)
    world.gateway.down.add("payments")
    at_the_till(world, attempt, "pay")
    world.sandbox.extensions["close"]()
    world.gateway.down.clear()
    world.sandbox = create_sandbox(world.running.settings.home, SECRET)
    world.gateway.apps["sandbox"] = world.sandbox
    world.wait_for_state(attempt.invoice_id, "paid")
    assert len(world.rows(PaymentRow)) == 1


@pytest.mark.rule("D7")
def test_sandbox_refuses_a_key_that_was_used_for_something_else(world: World) -> None:
    attempt = waiting(world)
    body = {
        "key": attempt.id,
        "merchant": world.society,
        "merchant_name": "試験学会",
        "method": "konbini",
        "amount": attempt.amount + 1,
        "currency": "JPY",
        "title": "x",
        "chain": "lawson",
        "pay_until": attempt.pay_until.isoformat(),
        "return_url": world.url,
        "notify_url": world.url,
    }
    assert requests.post(f"{world.url}/sandbox/api/charges", json=body, headers=KEY, timeout=10).status_code == 422
    assert requests.post(f"{world.url}/sandbox/api/charges", json=body, timeout=10).status_code == 401
    assert len(charges(world)) == 1


def test_refusal_of_the_provider_is_told_and_another_way_is_open(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    payer = world.person()
    invoice = world.invoice(payer)
    member = world.as_member(payer)
    with monkeypatch.context() as patch:
        patch.setattr(SandboxProvider, "create", lambda self, order: self._call("POST", "/api/charges", {}))
        page = member.post(f"/payments/my/pay/{invoice.id}", {"method": "card"})
    assert "The payment provider refused this" in page.text
    assert world.rows(AttemptRow)[0].state == "failed"
    assert "/sandbox/card/" in member.post(f"/payments/my/pay/{invoice.id}", {"method": "card"}).url


@pytest.mark.rule("D1")
@pytest.mark.rule("P6")
def test_our_payments_are_the_providers_payments_after_all_that(world: World) -> None:
    """I9: parity, both ways, after losses, repetitions and silence."""
    payer = world.person()
    for number in range(6):
        invoice = world.invoice(payer, 1_000 + number)
        attempt = start(world, payer, invoice.id)
        if number % 3 == 0:
            world.gateway.down.add("payments")
        at_the_till(world, attempt, "pay" if number != 5 else "scan")
        world.gateway.down.clear()
    with clock.travel(by=timedelta(hours=3)):
        ask_providers(world.running)
    theirs = {charge["id"]: charge["amount"] for charge in charges(world) if charge["state"] == "paid"}
    wait_until(lambda: len(world.rows(PaymentRow)) == len(theirs))
    assert {payment.provider_number: payment.amount for payment in world.rows(PaymentRow)} == theirs
    assert len(theirs) == 5
