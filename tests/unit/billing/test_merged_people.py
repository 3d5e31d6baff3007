"""Two records of one person in billing (M18+): invoices and money of both are theirs; nothing is asked for twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.billing import allocation, credit
from services.billing.errors import RunAsksNobody
from services.billing.models import CreditRow
from shared import clock
from shared.messages.members import PersonMerged
from tests.unit.billing.invariants import check
from tests.unit.billing.office import Office
from tests.unit.billing.test_my_page import text_of


def merge(office: Office, gone: str, kept: str) -> None:
    office.hear(PersonMerged(from_id=gone, into_id=kept, revision=2, merged_at=clock.now()), again=True)


@pytest.mark.rule("M18")
def test_both_invoices_of_a_year_stay_and_are_seen_by_whoever_was_kept(office: Office) -> None:
    gone, kept = office.add_person(name="旧姓 花子"), office.add_person(name="髙橋 花子")
    office.bill()
    merge(office, gone, kept)
    mine = office.member(kept).get("/billing/my/invoices").text
    invoices = office.invoices()
    assert len(invoices) == 2 and all(invoice.number in mine for invoice in invoices if invoice.number)
    theirs = next(invoice for invoice in invoices if invoice.payer_id == gone)
    assert office.member(kept).get(f"/billing/my/invoices/{theirs.id}.pdf").status_code == 200
    assert office.member(office.add_person()).get(f"/billing/my/invoices/{theirs.id}.pdf").status_code == 404
    assert "旧姓 花子" not in office.staff().get("/billing/console/invoices").text


@pytest.mark.rule("M18")
@pytest.mark.rule("M14")
@pytest.mark.rule("B14")
def test_the_papers_of_a_company_with_two_records_are_addressed_to_the_one_that_was_kept(
    office: Office, tmp_path: Path
) -> None:
    gone = office.add_person(name="海星商会", kind="corporate")
    office.bill()
    kept = office.add_person(name="海星商事", kind="corporate")
    merge(office, gone, kept)
    (invoice,) = office.invoices(payer_id=gone)
    paper = office.staff().get(f"/billing/console/invoices/{invoice.id}.pdf").data
    assert "海星商事 御中" in text_of(paper, tmp_path)


@pytest.mark.rule("M18")
@pytest.mark.rule("I5")
def test_whoever_paid_under_the_other_record_is_not_asked_again(office: Office) -> None:
    gone = office.add_person()
    office.bill()
    kept = office.add_person()
    merge(office, gone, kept)
    with pytest.raises(RunAsksNobody):
        office.bill(name="追加")
    assert [invoice.payer_id for invoice in office.invoices()] == [gone]


@pytest.mark.rule("M18")
@pytest.mark.rule("B10")
def test_credit_of_both_pays_an_invoice_of_either(office: Office) -> None:
    gone, kept = office.add_person(), office.add_person()
    office.pay(None, 4_000, payer=gone)
    office.pay(None, 3_000, payer=kept)
    office.bill(name="2026年度")
    merge(office, gone, kept)
    assert "¥7,000をお預かりしています" in office.member(kept).get("/billing/my/due").text
    (invoice,) = office.invoices(payer_id=kept)
    with office.running.unit(office.society) as uow:
        assert allocation.use_credit(uow, invoice.id) == 7_000
        assert credit.balance_of(uow, gone) == 0
    assert [row.balance for row in office.all(CreditRow)] == [0, 0]
    office.pay(None, 500, payer=gone)  # known in payments by the old id for ever
    assert "¥500をお預かりしています" in office.member(kept).get("/billing/my/due").text
    check(office)
