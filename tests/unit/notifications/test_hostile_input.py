"""Hostile input for the whole API of notifications, on PostgreSQL: no 5xx, and no answer that its document does not
describe."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.notifications.models import LetterRow
from shared.identity import Role
from shared.messages.billing import InvoiceCreated
from shared.messages.members import PersonChanged
from shared.service import RunningService
from shared.web.app import create_app
from tests.fuzzing import Fuzzed
from tests.unit.notifications.conftest import MakeToken
from tests.unit.notifications.facts import SOCIETY, invoice, person, tell


@pytest.fixture
def fuzzed(on_postgres: RunningService, make_token: MakeToken) -> Fuzzed:
    payer = person()
    tell(on_postgres, PersonChanged(person=payer))
    for _ in range(3):
        tell(on_postgres, InvoiceCreated(invoice=invoice(payer.id)))
    things = {"/letters/{}": sa.select(LetterRow.id)}
    return Fuzzed(on_postgres, create_app(on_postgres), make_token(*Role), SOCIETY, things)


@pytest.mark.rule("S41")
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_input_breaks_the_api(fuzzed: Fuzzed, campaign: bool) -> None:
    fuzzed.try_everything(thorough=campaign)
