"""Bank files as a bank would write them."""

from __future__ import annotations

from datetime import date
from typing import Any

import requests

from services.payments.models import AttemptRow
from shared import clock
from shared.japan.zengin import Account, Deposit, write_deposits
from tests.unit.payments.world import World

ACCOUNT = Account(
    bank="9999", branch="001", kind="1", number="1000001", bank_name="サンドボツクス", holder="シケンガツカイ"
)


def line(
    number: str = "", amount: int = 10_000, name: str = "ヤマダ タロウ", day: date | None = None, **more: Any
) -> Deposit:
    day = day or clock.today()
    values: dict[str, Any] = {"booked_on": day, "value_on": day, "sending_bank": "ミズホ", "sending_branch": "ホンテン"}
    return Deposit(account=ACCOUNT, amount=amount, payer_name=name, payer_code=number, **(values | more))


def file_of(*lines: Deposit) -> bytes:
    return b"".join(write_deposits(lines, made_on=clock.today()))


def number_of(attempt: AttemptRow) -> str:
    return f"{attempt.instructions['branch_code']}{attempt.instructions['account_number']}"


def start_transfer(world: World, payer: str, due: int = 10_000) -> AttemptRow:
    """An invoice for which the payer chose bank transfer."""
    invoice = world.invoice(payer, due)
    page = world.as_member(payer).post(f"/payments/my/pay/{invoice.id}", {"method": "bank_transfer"})
    assert page.status_code == 200, page.text
    return world.attempt(invoice.id)


def upload(world: World, content: bytes, name: str = "nyukin.txt") -> requests.Response:
    """Through the staff page, up to the preview."""
    return world.as_staff().session.post(
        f"{world.url}/payments/console/bank-files", files={"file": (name, content)}, timeout=30
    )


def bring_in(world: World, *lines: Deposit, content: bytes | None = None) -> dict[str, int]:
    """Upload and import through the API. What became of the lines."""
    staff = world.as_staff()
    given = staff.post("/payments/api/bank-files?name=nyukin.txt", content or file_of(*lines))
    assert given.status_code == 201, given.text
    done = staff.post(f"/payments/api/bank-files/{given.json()['id']}/import")
    assert done.status_code == 201, done.text
    result: dict[str, int] = done.json()["summary"]["result"]
    return result
