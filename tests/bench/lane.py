"""A person's click while a run drains: from `PaymentReceived` said by payments to the invoice paid at billing, first on
an idle stack, then while n bulk messages of members drain through billing and payments. Straight: the idle p99."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import date

import psycopg

from services.billing.models import InvoiceRow, InvoiceState
from shared import clock
from shared.db import insert_rows
from shared.ids import new_id
from shared.messages.members import Person, PersonChanged
from shared.messages.payments import Payment, PaymentReceived
from shared.service import RunningService
from tests.bench import report, world

IDLE, MOST = 300, 5_000  # payments before the run; at most, while it drains
AMOUNT = 10_000
SERVICES = ("members", "billing", "payments")
CHUNK = 10_000
PACE = 0.05  # seconds from one click to the next: people are not a load test
NOTICED = """
CREATE FUNCTION noticed() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN PERFORM pg_notify('noticed', NEW.id::text); RETURN NULL; END$$;
CREATE TRIGGER noticed AFTER UPDATE ON invoices FOR EACH ROW WHEN (NEW.state = 'paid' AND OLD.state <> 'paid')
  EXECUTE FUNCTION noticed();
"""


def main() -> None:
    n = report.size(100_000)
    with world.stack(SERVICES) as stack:
        world.fill(stack, 0, SERVICES)
        members, billing, payments = (world.running(stack, name) for name in SERVICES)
        waiting = iter(_open_invoices(billing, IDLE + 20 + MOST))
        url = stack.database_url("billing", owner=True).replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as listening:
            listening.execute(NOTICED)
            listening.execute("LISTEN noticed")
            for _ in range(20):
                _pay(payments, next(waiting), listening)
            idle = [_pay(payments, next(waiting), listening) for _ in range(IDLE)]
            began = time.monotonic()
            for start in range(0, n, CHUNK):
                with members.unit(world.SOCIETY) as uow:
                    uow.say_all((_person(i) for i in range(start, min(n, start + CHUNK))), bulk=True)
            busy = list(_while(lambda: _copied(listening) < n, lambda: _pay(payments, next(waiting), listening)))
            drained = time.monotonic() - began
        for running in (members, billing, payments):
            running.stop()
    report.tell(
        "lane",
        n,
        report.percentile(busy, 0.99) * 1000,
        "ms",
        report.percentile(idle, 0.99) * 1000,
        p50=round(report.percentile(busy, 0.5) * 1000, 1),
        idle_p50=round(report.percentile(idle, 0.5) * 1000, 1),
        clicks=len(busy),
        drained_s=round(drained, 1),
    )


def _while(goes_on: Callable[[], bool], measure: Callable[[], float]) -> Iterator[float]:
    """Looks only every second: counting costs the database what we want to see."""
    look_at = 0.0
    while True:
        if time.monotonic() >= look_at:
            if not goes_on():
                return
            look_at = time.monotonic() + 1
        took = measure()
        yield took
        time.sleep(max(0.0, PACE - took))


def _copied(database: psycopg.Connection[tuple[object, ...]]) -> int:
    found = database.execute("SELECT count(*) FROM people").fetchone()
    assert found is not None
    return int(str(found[0]))


def _pay(payments: RunningService, invoice_id: str, listening: psycopg.Connection[tuple[object, ...]]) -> float:
    payment = Payment(
        id=new_id(),
        revision=1,
        amount=AMOUNT,
        method="card",
        received_on=date(2026, 11, 1),
        received_at=clock.now(),
        invoice_id=invoice_id,
    )
    with payments.unit(world.SOCIETY) as uow:
        uow.say(PaymentReceived(payment=payment))
    began = time.monotonic()
    if not any(told.payload == invoice_id for told in listening.notifies(timeout=60, stop_after=1)):
        raise TimeoutError(invoice_id)
    return time.monotonic() - began


def _person(i: int) -> PersonChanged:
    known = {name: value for name, value in world.person(i).items() if name != "society_id"}
    return PersonChanged(person=Person(**known))  # type: ignore[arg-type]


def _open_invoices(billing: RunningService, count: int) -> list[str]:
    rows = [_invoice(i) for i in range(count)]
    with billing.unit(world.SOCIETY) as uow:
        insert_rows(uow.session, InvoiceRow, rows)
    return [str(row["id"]) for row in rows]


def _invoice(i: int) -> dict[str, object]:
    return {
        "society_id": world.SOCIETY,
        "id": new_id(),
        "revision": 1,
        "kind": "one_off",
        "state": InvoiceState.UNPAID,
        "payer_id": new_id(),
        "title": "年会費",
        "title_en": "Annual fee",
        "fiscal_year": 2026,
        "total": AMOUNT,
        "paid": 0,
        "number": f"B{i:07d}",
        "issued_on": date(2026, 4, 1),
        "due_on": date(2027, 3, 31),
        "methods": [],
        "lines": [
            {
                "title": "年会費",
                "title_en": "Annual fee",
                "amount": AMOUNT,
                "tax_class": "out_of_scope",
                "fiscal_year": 2026,
            }
        ],
        "created_at": clock.now(),
    }


if __name__ == "__main__":
    main()
