"""Hostile input for the whole API of payments, on PostgreSQL: no 5xx, and no answer that its document does not
describe."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.payments.models import BankFileRow, DepositRow, PaymentRow, RequestRow
from shared.identity import Role
from tests.fuzzing import Fuzzed
from tests.unit.payments.bank import bring_in, file_of, line, number_of, start_transfer, upload
from tests.unit.payments.world import World

NEVER_DONE = (  # chance finds no values that fit: shown by other tests
    "POST /payments/api/bank-files",
    "POST /payments/api/payments",
)


@pytest.fixture
def fuzzed(pg_world: World) -> Fuzzed:
    payer = pg_world.person()
    for due in (8_000, 9_000, 12_000):
        pg_world.invoice(payer, due)
    attempt = start_transfer(pg_world, payer)
    bring_in(pg_world, line(number_of(attempt)), line(amount=7_777, name="フメイ"))
    upload(pg_world, file_of(line(amount=8_888, name="フメイ")))
    things = {
        "/payments/{}": sa.select(PaymentRow.id),
        "/bank-files/{}": sa.select(BankFileRow.id),
        "/deposits/{}": sa.select(DepositRow.id),
        "/my/requests/{}": sa.select(RequestRow.invoice_id),
    }
    token = pg_world.token(*Role, person_id=payer)
    return Fuzzed(pg_world.running, pg_world.app, token, pg_world.society, things)


@pytest.mark.rule("S41")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_input_breaks_the_api(fuzzed: Fuzzed, campaign: bool) -> None:
    fuzzed.try_everything(thorough=campaign, never_done=NEVER_DONE)
