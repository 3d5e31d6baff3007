"""Billing after a restore: forgotten invoices are taken over from its neighbours, no number is given out twice."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from services.billing import invoices, restoring
from services.billing.models import AllocationRow, InvoiceRow, PaymentRow, ReceiptRow, SequenceRow
from services.billing.restoring import AHEAD, adopt
from shared.identity import Actor
from shared.ids import new_id
from shared.messages.billing import Invoice, InvoiceCancelled, InvoiceChanged
from shared.messages.payments import PaymentReceived
from tests.unit.billing.office import Office


def issue(office: Office, payer: str, registration: str | None = None) -> Invoice:
    with office.running.unit(office.society) as uow:
        row = invoices.issue_for_registration(
            uow,
            registration_id=registration or new_id(),
            payer_id=payer,
            title="大会",
            title_en="Meeting",
            fee=5_000,
            tax_class="standard",
            due_on=None,
        )
        assert row is not None
        return row.public()


def forget(office: Office, known: Invoice) -> None:
    """As a back-up from before has it."""
    with office.running.unit(office.society) as uow:
        for table in (AllocationRow, ReceiptRow, PaymentRow):
            uow.session.execute(sa.delete(table).where(table.invoice_id == known.id))
        uow.session.execute(sa.delete(InvoiceRow).where(InvoiceRow.id == known.id))
        uow.session.execute(sa.update(SequenceRow).values(last=SequenceRow.last - 1))


def all_invoices(office: Office) -> dict[str, Invoice]:
    with office.running.unit(office.society, reading=True) as uow:
        return {row.id: row.public() for row in uow.session.scalars(sa.select(InvoiceRow))}


def lines_of(office: Office, *known: Invoice, receipt: str = "") -> str:
    told = [{"society": office.society, "invoice": json.loads(msgspec.json.encode(each))} for each in known]
    numbers = [{"society": office.society, "receipt": receipt}] if receipt else []
    return "\n".join(json.dumps(each) for each in (*told, *numbers))


@pytest.mark.row("B9")
def test_a_forgotten_invoice_is_taken_over_and_its_payment_counts_again(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office.open_society()
    payer, registration = office.add_person(), new_id()
    kept = issue(office, payer)
    lost = issue(office, payer, registration)
    payment = office.pay(lost.id, 5_000)
    newest = all_invoices(office)[lost.id]
    assert newest.state == "paid"
    forget(office, lost)
    with office.running.unit(office.society) as uow:  # as the back-up knew the number of no receipt
        receipts = sa.select(SequenceRow).where(SequenceRow.kind == "receipt")
        year = uow.session.scalars(receipts).one().year

    file = tmp_path / "known.jsonl"
    file.write_text(lines_of(office, kept, newest, receipt=f"R{year}-0000007"))
    for expected in (1, 0):
        assert restoring.main(office.running, ["billing", "adopt", str(file)]) == 0
        assert capsys.readouterr().out.count("taken over") == expected
    taken = all_invoices(office)[lost.id]
    assert (taken.number, taken.total, taken.paid, taken.state) == (lost.number, 5_000, 0, "unpaid")
    assert (taken.registration_id, taken.lines) == (registration, lost.lines)

    office.hear(PaymentReceived(payment=payment))
    assert all_invoices(office)[lost.id].state == "paid"
    with office.running.unit(office.society, reading=True) as uow:
        assert uow.session.scalars(sa.select(ReceiptRow.number)).all() == [f"R{year}-0000008"]
    fresh = issue(office, payer)
    assert fresh.number > lost.number > kept.number


def test_the_same_registration_makes_no_second_invoice(office: Office) -> None:
    office.open_society()
    payer, registration = office.add_person(), new_id()
    lost = issue(office, payer, registration)
    forget(office, lost)
    with office.running.unit(office.society) as uow:
        assert adopt(uow, [restoring.Recalled(society=office.society, invoice=lost)]) == [lost.number]
        assert uow.get(InvoiceRow, lost.id).registration_id == registration
        none = invoices.issue_for_registration(
            uow, registration_id=registration, payer_id=payer, title="x", title_en="x", fee=5_000,
            tax_class="standard", due_on=None,
        )  # fmt: skip
        assert none is None


def test_announced_again_every_invoice_is_news_to_everybody(office: Office) -> None:
    office.open_society()
    payer = office.add_person()
    first, second = issue(office, payer), issue(office, payer)
    with office.running.unit(office.society) as uow:
        invoices.cancel_invoices(uow, [second.id])
    before = {id: each.revision for id, each in all_invoices(office).items()}
    assert restoring.announce(office.running, Actor(kind="person", name="operator")) == 2
    assert {id: each.revision for id, each in all_invoices(office).items()} == {
        id: revision + AHEAD for id, revision in before.items()
    }
    assert office.said(InvoiceChanged)[-1].invoice == all_invoices(office)[first.id]
    assert office.said(InvoiceCancelled)[-1].invoice == all_invoices(office)[second.id]
