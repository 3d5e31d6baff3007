"""Copies of what another service owns: older news never overwrites newer, in whatever order they come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.payments.models import RequestRow
from services.payments.service import SERVICE
from services.payments.settings import PaymentSettings
from shared import people
from shared.bus import inbox
from shared.ids import new_id
from shared.messages import Message
from shared.messages.billing import Invoice, InvoiceChanged
from shared.messages.members import Person, PersonChanged
from shared.people import PersonRow
from shared.service import RunningService
from tests.envelopes import envelope
from tests.model.planted import without_revision_check
from tests.servers.plugin import FreshDatabase

SOCIETY = "019f1111-1111-7111-8111-111111111111"


@pytest.fixture
def payments(fresh_database: FreshDatabase, tmp_path: Path) -> Iterator[RunningService]:
    database = fresh_database("payments", migrated=True).app_url
    key = tmp_path / "none.pem"
    settings = PaymentSettings(service="payments", database=database, secret="s" * 32, token_public=key, home=tmp_path)
    running = SERVICE.start(settings)
    yield running
    running.stop()


@pytest.mark.row("A8")
@pytest.mark.guard("revision")
@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_check_an_old_invoice_asks_again_for_what_is_paid(payments: RunningService, guarded: bool) -> None:
    invoice = new_id()
    with nullcontext() if guarded else without_revision_check():
        for revision, paid in ((3, 8_000), (2, 3_000)):
            _hear(payments, InvoiceChanged(invoice=_invoice(invoice, revision, paid)))
    with payments.unit(SOCIETY, reading=True) as uow:
        request = uow.session.scalars(sa.select(RequestRow)).one()
    assert (request.invoice_revision, request.due) == ((3, 0) if guarded else (2, 5_000))


@pytest.mark.row("A8")
@pytest.mark.guard("revision")
@pytest.mark.parametrize("guarded", [True, False])
def test_without_the_check_a_person_has_the_old_address_again(
    payments: RunningService, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    if not guarded:
        monkeypatch.setattr(people, "_is_newer", lambda _fresh: sa.true())
    person = new_id()
    for revision in (3, 2):
        _hear(payments, PersonChanged(person=_person(person, revision)))
    with payments.unit(SOCIETY, reading=True) as uow:
        assert uow.get(PersonRow, person).email == f"at-{3 if guarded else 2}@example.org"


def _hear(running: RunningService, message: Message) -> None:
    inbox.receive(running, [envelope(message, SOCIETY)])


def _person(id: str, revision: int) -> Person:
    return Person(id=id, revision=revision, kind="individual", name="髙橋 花子", email=f"at-{revision}@example.org")


def _invoice(id: str, revision: int, paid: int) -> Invoice:
    return Invoice(
        id=id,
        revision=revision,
        number="1",
        payer_id=new_id(),
        kind="one_off",
        title="会費",
        title_en="Dues",
        total=8_000,
        paid=paid,
        due=8_000 - paid,
        state="paid" if paid == 8_000 else "part_paid",
        issued_on=date(2026, 4, 1),
    )
