"""Payers are erased (S36): only what was issued to them keeps their name, as long as the law keeps documents."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.billing.erasure import forget_addressees, kept_from
from services.billing.models import InvoiceRow, ReceiptRow
from shared import clock
from shared.messages.members import PersonChanged, PersonErased
from shared.people import ERASED, PersonRow
from tests.canaries import KEPT_BY_KIT, places
from tests.unit.billing.office import Office, person

CANARIES = ("金糸雀", "カナリヤ", "kanariya")
BY_LAW = {
    "invoices.document": "invoices as issued: ten years (法人税法施行規則59条, 消費税法施行令70条の13)",
    "receipts.document": "receipts as issued: likewise",
}
FIELDS = {"name": "金糸雀 鳴子", "kana": "カナリヤ ナルコ", "roman": "Naruko Kanariya", "email": "kanariya@example.org"}
ERASED_ON = date(2030, 1, 1)


def billed(office: Office) -> str:
    payer = office.add_person(**FIELDS, affiliation="金糸雀大学", address="金糸雀町")
    office.bill()
    (invoice,) = office.invoices()
    office.pay(invoice.id, invoice.total, payer=payer)
    return payer


def erase(office: Office, payer: str, *, revision: int = 9) -> None:
    office.hear(PersonErased(person_id=payer, revision=revision, erased_on=ERASED_ON))


@pytest.mark.rule("S36")
def test_only_issued_documents_keep_a_name_and_print_it(office: Office) -> None:
    payer = billed(office)
    assert "people.name" in places(office.running, CANARIES)
    erase(office, payer)
    office.hear(PersonChanged(person=person(id=payer, revision=8, **FIELDS)))  # was under way for long
    assert places(office.running, CANARIES) - set(KEPT_BY_KIT) == set(BY_LAW)
    (invoice,) = office.all(InvoiceRow)
    assert invoice.document["addressee"]["name"] == "金糸雀 鳴子", "frozen, though nobody had printed it"
    page = office.staff().get(f"/billing/console/invoices/{invoice.id}").text
    assert "（消去済み）" in page and "金糸雀" not in page
    pdf = office.staff().get(f"/billing/console/invoices/{invoice.id}.pdf")
    assert pdf.status_code == 200 and pdf.data.startswith(b"%PDF")


@pytest.mark.rule("S36")
@pytest.mark.rule("B20")
def test_when_no_law_keeps_them_any_more_documents_forget_their_addressee(office: Office) -> None:
    payer = billed(office)
    other = office.add_person(name="在会 花子")
    office.bill(name="後期")
    erase(office, payer)

    def forget(by: timedelta) -> None:
        with clock.travel(by=by), office.running.unit(office.society) as uow:
            forget_addressees(uow)

    forget(timedelta(days=9 * 365))
    assert set(BY_LAW) <= places(office.running, CANARIES)
    forget(timedelta(days=12 * 366))
    assert places(office.running, CANARIES) - set(KEPT_BY_KIT) == set()
    assert {row.document["addressee"]["name"] for row in office.all(ReceiptRow)} == {"（消去済み）"}
    assert all(row.total for row in office.all(InvoiceRow, payer_id=payer)), "the amounts stay"
    assert office.all(PersonRow, id=other)[0].name == "在会 花子"


@pytest.mark.rule("S36")
def test_a_tombstone_comes_first_and_stays(office: Office) -> None:
    erase(office, who := person().id, revision=3)
    office.hear(PersonChanged(person=person(id=who, revision=2, **FIELDS)))
    (row,) = office.all(PersonRow, id=who)
    assert (row.kind, row.revision, row.email) == (ERASED, 3, "")


def test_documents_are_kept_ten_years_and_two_months_after_their_fiscal_year() -> None:
    assert kept_from(date(2037, 5, 31), 4) == date(2026, 4, 1)
    assert kept_from(date(2037, 6, 1), 4) == date(2027, 4, 1)
    assert kept_from(date(2037, 2, 28), 1) == date(2026, 1, 1)
    assert kept_from(date(2037, 3, 1), 1) == date(2027, 1, 1)
