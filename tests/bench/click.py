"""A provider's notice in, until the invoice is paid and its receipt can be downloaded; idle stack, one after the other.
Straight: row, confirmed message, row (`tests.bench.straight_hop`)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import date
from pathlib import Path

import requests
import sqlalchemy as sa

from services.billing import fees, runs
from services.billing.models import InvoiceRow, ReceiptRow
from services.payments.attempts import start_attempt
from services.payments.models import RequestRow
from services.payments.providers import settings_of
from shared import clock
from shared.identity import Principal, Role, sign_token
from shared.ids import new_id
from tests.bench import report, straight_hop, world
from tests.bench.billing_run import bill, count


def main() -> None:
    n = report.size(200)
    with world.stack() as stack:
        limit = straight_hop.run(stack.database_url("billing", owner=True), stack.broker_url, n)
        world.fill(stack, n)
        billing, payments = world.running(stack, "billing"), world.running(stack, "payments")
        with billing.unit(world.SOCIETY) as uow:
            fees.set_fee(uow, category="regular", fiscal_year=2026, annual_fee=10_000, title="年会費")
            run = runs.plan_run(
                uow, name="年会費", fiscal_year=2026, charge_start=date(2026, 4, 1), due_on=date(2027, 3, 31)
            )
        bill(billing, run.id)
        world.wait_until(lambda: count(payments, RequestRow) == n)
        with payments.unit(world.SOCIETY, reading=True) as uow:
            open_requests = [(r.invoice_id, r.payer_id) for r in uow.session.scalars(sa.select(RequestRow))]
        secret = settings_of(payments).sandbox_secrets[0].encode()
        url = f"{stack.gateway_url}/payments/hooks/sandbox/{world.SOCIETY}"
        key = Path(stack.env("members")["TSUDOI_TOKEN_KEY"]).read_bytes()
        took: list[float] = []
        downloaded: list[float] = []
        for invoice_id, payer_id in open_requests:
            with payments.unit(world.SOCIETY) as uow:
                attempt = start_attempt(
                    uow,
                    invoice_id,
                    payer_id=payer_id,
                    account_id=new_id(),
                    method="konbini",
                    chain="lawson",
                    settings=settings_of(payments),
                )
            body = notice(attempt.id, attempt.amount)
            began = time.monotonic()
            answer = requests.post(url, data=body, headers=signed(body, secret), timeout=10)
            assert answer.status_code == 200, answer.text
            while True:
                with billing.unit(world.SOCIETY, reading=True) as uow:
                    receipt = uow.session.scalar(sa.select(ReceiptRow.id).where(ReceiptRow.invoice_id == invoice_id))
                    state = uow.session.scalar(sa.select(InvoiceRow.state).where(InvoiceRow.id == invoice_id))
                if receipt and state == "paid":
                    break
                time.sleep(0.001)
            took.append(time.monotonic() - began)
            if len(downloaded) < 20:
                downloaded.append(download(stack.gateway_url, receipt, payer_id, key))
        report.tell(
            "click",
            n,
            report.percentile(took, 0.5) * 1000,
            "ms",
            report.percentile(limit, 0.5) * 1000,
            p99=round(report.percentile(took, 0.99) * 1000, 1),
            straight_p99=round(report.percentile(limit, 0.99) * 1000, 1),
            receipt_pdf_p50=round(report.percentile(downloaded, 0.5) * 1000, 1),
        )


def notice(key: str, amount: int) -> bytes:
    now = clock.now().isoformat()
    charge = {
        "id": f"ch_{new_id()}",
        "key": key,
        "merchant": world.SOCIETY,
        "amount": amount,
        "currency": "JPY",
        "state": "paid",
        "as_of": now,
        "paid_at": now,
        "provisional": False,
        "failure": None,
        "redirect_url": None,
        "instructions": {},
    }
    return json.dumps({"id": f"ev_{new_id()}", "type": "charge.paid", "charge": charge}).encode()


def signed(body: bytes, secret: bytes) -> dict[str, str]:
    moment = int(clock.now().timestamp())
    signature = hmac.new(secret, f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "Sandbox-Signature": f"t={moment},v1={signature}"}


def download(gateway: str, receipt_id: str, payer_id: str, key: bytes) -> float:
    """Seconds to get the receipt as PDF, as its payer."""
    payer = Principal(
        account_id=new_id(),
        session_id=new_id(),
        society_id=world.SOCIETY,
        person_id=payer_id,
        roles=frozenset({Role.MEMBER}),
    )
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {sign_token(payer, key)}"}
    answer = requests.get(f"{gateway}/billing/my/receipts/{receipt_id}.pdf", headers=headers, timeout=10)
    assert answer.content.startswith(b"%PDF"), answer.text[:500]
    return time.monotonic() - began


if __name__ == "__main__":
    main()
