"""Offline payments, reversals, and the books behind them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from services.payments.models import APPEND_ONLY, PaymentRow, PostingRow
from shared import clock
from shared.identity import Role
from shared.ids import new_id
from shared.messages.payments import PaymentReceived, PaymentReversed
from tests.unit.payments.books import assert_books_balance
from tests.unit.payments.world import World


def body(*parts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "method": "cash",
        "received_on": clock.today().isoformat(),
        "parts": list(parts),
        "entry_key": new_id(),
        "memo": "窓口",
    } | changes


@pytest.mark.rule("P15")
def test_staff_record_money_for_several_invoices_and_credit_on_one_page(world: World) -> None:
    payer = world.person()
    first, second = world.invoice(payer, 10_000), world.invoice(payer, 8_000)
    staff = world.as_staff()
    page = staff.get(f"/payments/console/payments/new?invoice={second.id}").text
    assert 'value="8000"' in page and first.number in page
    key = re.search(r'name="entry_key" value="([^"]+)"', page)
    assert key
    form = {
        "payer_id": payer,
        "method": "postal",
        "received_on": clock.today().isoformat(),
        "number": "PSP-77",
        "memo": "払込票",
        "entry_key": key[1],
        f"amount-{first.id}": "¥１０，０００",
        f"amount-{second.id}": "8,000",
        "amount-": "500円",
    }
    for _sent_twice in range(2):
        assert staff.post("/payments/console/payments/new", form).status_code == 200
    said = {message.payment.invoice_id: message.payment for message in world.said(PaymentReceived)}
    assert {invoice: payment.amount for invoice, payment in said.items()} == {
        first.id: 10_000,
        second.id: 8_000,
        None: 500,
    }
    assert all(payment.payer_id == payer and payment.provider_number == "PSP-77" for payment in said.values())
    assert "払込票" in staff.get("/payments/console/payments?q=PSP-77").text or len(world.rows(PaymentRow)) == 3
    assert_books_balance(world, received=18_500)


@pytest.mark.rule("P15")
@pytest.mark.rule("P17")
def test_offline_may_be_more_than_due(world: World) -> None:
    invoice = world.invoice(world.person(), 10_000)
    answer = world.as_staff().post("/payments/api/payments", json=body({"amount": 15_000, "invoice_id": invoice.id}))
    assert answer.status_code == 201 and world.said(PaymentReceived)[0].payment.amount == 15_000


@pytest.mark.rule("P15")
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"method": "card"}, 422),
        ({"received_on": "2999-01-01"}, 422),
        ({"received_on": "2026-02-30"}, 422),
        ({"parts": []}, 422),
        ({"parts": [{"amount": 0}]}, 422),
        ({"parts": [{"amount": -5}]}, 422),
        ({"parts": [{"amount": 1.5}]}, 422),
        ({"parts": [{"amount": 100}]}, 422),
        ({"parts": [{"amount": 100, "payer_id": new_id()}]}, 422),
        ({"parts": [{"amount": 100, "invoice_id": new_id()}]}, 404),
        ({"society_id": new_id()}, 422),
        ({"provider": "sandbox"}, 422),
        ({"state": "paid"}, 422),
    ],
)
def test_bad_input_is_refused_whole(world: World, changes: dict[str, Any], status: int) -> None:
    assert world.as_staff().post("/payments/api/payments", json=body({"amount": 1}) | changes).status_code == status
    assert not world.rows(PaymentRow)


@pytest.mark.rule("O3")
def test_another_society_sees_and_books_nothing_of_ours(world: World) -> None:
    invoice = world.invoice(world.person())
    paid = (
        world.as_staff().post("/payments/api/payments", json=body({"amount": 100, "invoice_id": invoice.id})).json()[0]
    )
    other = world.as_staff(Role.ADMINISTRATOR, society=new_id())
    assert other.post("/payments/api/payments", json=body({"amount": 1, "invoice_id": invoice.id})).status_code in (
        404,
        422,
    )
    assert other.get(f"/payments/api/payments/{paid['id']}").status_code == 404
    assert other.post(f"/payments/api/payments/{paid['id']}/reversal", json={"memo": "x"}).status_code == 404
    assert other.get("/payments/api/payments").json() == []
    assert other.get("/payments/api/ledger/trial-balance").json()["balances"][0]["debit"] == 0


@pytest.mark.parametrize("role", [Role.READER, Role.AFFAIRS, Role.EVENTS, Role.MEMBER])
def test_only_accounting_and_administrators_change_money(world: World, role: Role) -> None:
    invoice = world.invoice(world.person())
    staff = world.as_staff(role)
    assert staff.post("/payments/api/payments", json=body({"amount": 1, "invoice_id": invoice.id})).status_code == 403
    seen = staff.get("/payments/console/payments").status_code
    assert seen == (200 if role is Role.READER else 403)


@pytest.mark.rule("P16")
def test_reversal_needs_a_reason_erases_nothing_and_happens_once(world: World) -> None:
    invoice = world.invoice(world.person(), 10_000)
    staff = world.as_staff()
    paid = staff.post("/payments/api/payments", json=body({"amount": 10_000, "invoice_id": invoice.id})).json()[0]
    page = f"/payments/console/payments/{paid['id']}"
    for memo in ("", "   "):
        refused = staff.post(f"{page}/reversal", {"memo": memo})
        assert refused.status_code == 422 and "why the payment is reversed" in refused.text
    assert not world.said(PaymentReversed)
    assert "Reversed on" in staff.post(f"{page}/reversal", {"memo": "二重入力"}).text
    assert staff.post(f"{page}/reversal", {"memo": "もう一度"}).status_code == 409
    (said,) = world.said(PaymentReversed)
    assert (said.payment.id, said.payment.revision, said.reason) == (paid["id"], 2, "二重入力")
    assert len(world.rows(PaymentRow)) == 1
    assert_books_balance(world, received=0)


@pytest.mark.rule("P16")
@pytest.mark.rule("D17")
def test_twenty_reversals_at_once_are_one_on_postgresql(pg_world: World) -> None:
    invoice = pg_world.invoice(pg_world.person())
    staff = pg_world.as_staff()
    paid = staff.post("/payments/api/payments", json=body({"amount": 10_000, "invoice_id": invoice.id})).json()[0]
    url = f"/payments/api/payments/{paid['id']}/reversal"
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: staff.post(url, json={"memo": "x"}).status_code, range(20)))
    assert sorted(answers) == [201] + [409] * 19
    assert len(pg_world.said(PaymentReversed)) == 1
    assert_books_balance(pg_world, received=0)


@pytest.mark.rule("P19+")
def test_ledger_page_shows_that_it_balances_and_the_journal_of_a_day(world: World) -> None:
    invoice = world.invoice(world.person(), 10_000)
    staff = world.as_staff()
    staff.post("/payments/api/payments", json=body({"amount": 10_000, "invoice_id": invoice.id}))
    page = staff.get("/payments/console/ledger").text
    assert "The books balance" in page and "¥10,000" in page and "Cash" in page
    balance = staff.get("/payments/api/ledger/trial-balance").json()
    assert balance["total"] == 0
    today = clock.today().isoformat()
    (entry,) = staff.get(f"/payments/api/ledger/journal?since={today}&until={today}").json()
    assert entry["postings"] == [{"debit": "cash", "credit": "payers", "amount": 10_000}]
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    assert staff.get(f"/payments/api/ledger/journal?since={yesterday}&until={yesterday}").json() == []


@pytest.mark.rule("P19+")
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET society_id = society_id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_is_booked(world: World, table: str, change: str) -> None:
    refuses(world, table, change)


@pytest.mark.rule("P19+")
@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["UPDATE {} SET society_id = society_id", "DELETE FROM {}"])
def test_postgresql_refuses_to_change_what_is_booked(pg_world: World, table: str, change: str) -> None:
    refuses(pg_world, table, change)


def refuses(world: World, table: str, change: str) -> None:
    invoice = world.invoice(world.person())
    staff = world.as_staff()
    paid = staff.post("/payments/api/payments", json=body({"amount": 100, "invoice_id": invoice.id})).json()[0]
    staff.post(f"/payments/api/payments/{paid['id']}/reversal", json={"memo": "x"})
    with pytest.raises(DBAPIError, match="append-only"), world.unit() as uow:
        uow.session.execute(sa.text(change.format(table)))


@pytest.mark.rule("P19+")
@pytest.mark.parametrize(
    ("debit", "credit", "amount"), [("cash", "cash", 5), ("cash", "payers", 0), ("cash", "payers", -5)]
)
def test_an_entry_that_does_not_balance_cannot_be_written(world: World, debit: str, credit: str, amount: int) -> None:
    world.as_staff().post(
        "/payments/api/payments", json=body({"amount": 100, "invoice_id": world.invoice(world.person()).id})
    )
    with world.look() as uow:
        entry_id = uow.session.scalars(sa.select(PostingRow.entry_id)).first()
    with pytest.raises(DBAPIError), world.unit() as uow:
        uow.add(PostingRow(entry_id=entry_id, debit=debit, credit=credit, amount=amount))


@pytest.mark.rule("P16")
def test_reversing_a_payment_of_the_provider_goes_back_to_its_account(world: World) -> None:
    from tests.unit.payments.test_notices import waiting

    attempt = waiting(world)
    world.notify(world.event(attempt, "paid"))
    (payment,) = world.rows(PaymentRow)
    world.as_staff().post(f"/payments/api/payments/{payment.id}/reversal", json={"memo": "返金済"})
    balances = {
        line["account"]: line["balance"]
        for line in world.as_staff().get("/payments/api/ledger/trial-balance").json()["balances"]
    }
    assert balances["clearing:konbini"] == 0
    assert world.notify(world.event(attempt, "paid")).status_code == 200
    assert len(world.rows(PaymentRow)) == 1, "told again after the reversal: still the same payment"
    assert_books_balance(world, received=0)


@pytest.mark.rule("P15")
def test_the_same_form_sent_twice_at_once_counts_once_and_both_are_told_so(pg_world: World) -> None:
    payer = pg_world.person()
    invoice = pg_world.invoice(payer, 10_000)
    staff = pg_world.as_staff()
    given = body({"amount": 10_000, "invoice_id": invoice.id})
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: staff.post("/payments/api/payments", json=given), range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()[0]["id"] for answer in answers}) == 1
