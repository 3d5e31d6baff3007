"""Invoice and receipt as documents: what a qualified invoice needs, and that nothing issued ever changes (B14, B15)."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.billing import papers
from services.billing.wording import wording_for
from shared.documents import render_png
from shared.ids import new_id
from shared.messages.events import Registration, RegistrationPlaced
from shared.messages.members import PersonChanged
from tests.unit.billing.office import Office, person
from tests.unit.billing.test_my_page import text_of

NUMBER = "T1234567890123"


def invoice_text(office: Office, folder: Path, language: str = "ja") -> str:
    (invoice,) = office.invoices()
    answer = office.staff().get(f"/billing/console/invoices/{invoice.id}.pdf?in={language}")
    assert answer.status_code == 200
    return text_of(answer.data, folder)


@pytest.mark.rule("B14")
def test_an_invoice_states_who_asks_whom_for_what_until_when(office: Office, tmp_path: Path) -> None:
    office.add_person(name="髙橋 花子", affiliation="集い大学", postcode="113-0033", address="東京都文京区本郷1-1-1")
    office.bill()
    text = invoice_text(office, tmp_path)
    for stated in (
        "集い学会",
        "髙橋 花子",
        "様",
        "集い大学",
        "I2026-0000001",
        "2026年度年会費",
        "¥10,000",
        "2026年6月30日",
    ):
        assert stated in text, stated
    assert "2026年4月1日 – 2027年3月31日" in text
    assert "/members/my/" in text
    assert "登録番号" not in text
    english = invoice_text(office, tmp_path, "en")
    for stated in ("Tsudoi Society", "Hanako TAKAHASHI", "Dues 2026", "30 June 2026", "Amount due"):
        assert stated in english, stated


@pytest.mark.rule("B14")
def test_a_registered_society_issues_qualified_invoices(office: Office, tmp_path: Path) -> None:
    office.open_society(revision=2, registration_number=NUMBER, registered_from=date(2023, 10, 1))
    registered = Registration(
        id=new_id(),
        revision=1,
        event_id=new_id(),
        event_title="懇親会",
        event_title_en="Party",
        person_id=office.add_person(),
        state="placed",
        fee=1_000,
        tax_class="standard",
    )
    office.hear(RegistrationPlaced(registration=registered))
    text = invoice_text(office, tmp_path)
    assert NUMBER in text and "10%対象" in text and "¥90" in text and "うち消費税" in text


@pytest.mark.rule("B14")
def test_a_number_that_is_not_valid_yet_is_not_stated(office: Office, tmp_path: Path) -> None:
    office.open_society(revision=2, registration_number=NUMBER, registered_from=date(2999, 1, 1))
    office.add_person()
    office.bill()
    assert NUMBER not in invoice_text(office, tmp_path)


@pytest.mark.rule("B14")
@pytest.mark.parametrize(
    ("lines", "taxes"),
    [
        ([(60_000, "standard"), (40_000, "reduced")], [(60_000, 5_454), (40_000, 2_962)]),
        ([(13_582, "standard"), (13_582, "standard")], [(27_164, 2_469)]),
        ([(1_000, "standard"), (500, "out_of_scope")], [(1_000, 90), (500, 0)]),
    ],
)
def test_tax_is_rounded_once_per_rate(lines: list[tuple[int, str]], taxes: list[tuple[int, int]]) -> None:
    rates = papers._rates([{"amount": amount, "tax_class": tax_class} for amount, tax_class in lines])
    assert [(rate["total"], rate["tax"]) for rate in rates] == taxes


@pytest.mark.rule("B15")
def test_what_was_issued_does_not_change_when_the_payer_does(office: Office, tmp_path: Path) -> None:
    payer = office.add_person(name="旧姓 花子")
    office.bill()
    (invoice,) = office.invoices()
    office.pay(invoice.id, 10_000)
    assert "旧姓 花子" in invoice_text(office, tmp_path)
    office.hear(PersonChanged(person=person(id=payer, revision=2, name="新姓 花子")))
    assert "旧姓 花子" in invoice_text(office, tmp_path)
    (receipt,) = office.staff().get(f"/billing/api/receipts?payer_id={payer}").json
    answer = office.staff().get(f"/billing/console/receipts/{receipt['id']}.pdf")
    assert "旧姓 花子" in text_of(answer.data, tmp_path)


@pytest.mark.rule("A8")
def test_a_payer_of_whom_we_hear_late_still_gets_a_name_on_paper(office: Office, tmp_path: Path) -> None:
    late = person(name="遅れ 太郎")
    registered = Registration(
        id=new_id(),
        revision=1,
        event_id=new_id(),
        event_title="大会",
        event_title_en="Meeting",
        person_id=late.id,
        state="placed",
        fee=1_000,
        tax_class="standard",
    )
    office.hear(RegistrationPlaced(registration=registered))
    (invoice,) = office.invoices()
    office.pay(invoice.id, 1_000)
    assert "様" not in invoice_text(office, tmp_path)
    office.hear(PersonChanged(person=late))
    assert "遅れ 太郎" in invoice_text(office, tmp_path)
    (receipt,) = office.staff().get(f"/billing/api/receipts?payer_id={late.id}").json
    handed_out = office.member(late.id).get(f"/billing/my/receipts/{receipt['id']}.pdf")
    assert "遅れ 太郎" in text_of(handed_out.data, tmp_path)


@pytest.mark.rule("B15")
@pytest.mark.parametrize(("total", "noted"), [(49_999, False), (50_000, True)])
def test_an_electronic_receipt_says_that_it_needs_no_stamp(total: int, noted: bool) -> None:
    words = wording_for("receipt", facts(total), "ja")
    assert ("収入印紙" in "".join(words["notes"])) is noted


@pytest.mark.rule("B15")
@pytest.mark.parametrize(("mark", "word"), [(None, ""), ("again", "再発行"), ("copy", "控"), ("void", "無効")])
def test_marks(mark: str | None, word: str) -> None:
    assert wording_for("receipt", facts(1_000), "ja", mark=mark)["mark"] == word


@pytest.mark.parametrize("paper", ["invoice", "receipt"])
def test_long_texts_and_many_lines_fit_on_pages(paper: str) -> None:
    known = facts(1_000)
    known["lines"] = [{**known["lines"][0], "title": f"{n} " + "とても長い明細の名前" * 6} for n in range(60)]
    known["addressee"] |= {"name": "寿限無" * 15, "affiliation": "長い所属" * 12, "corporate": True}
    assert len(render_png(papers.LAYOUTS / f"{paper}.typ", wording_for(paper, known, "ja"), ppi=30)) >= 2


def facts(total: int) -> dict[str, Any]:
    line = {
        "title": "年会費 #[x] $y$",
        "title_en": "",
        "amount": total,
        "tax_class": "out_of_scope",
        "fiscal_year": 2026,
    }
    return {
        "number": "R2026-0000001",
        "issued_on": "2026-05-01",
        "due_on": None,
        "invoice_number": "I2026-0000001",
        "payments": [{"method": "konbini", "received_on": "2026-05-01", "amount": total}],
        "title": "年会費",
        "title_en": "Dues",
        "society": {
            "name": "集い学会",
            "name_en": "Tsudoi Society",
            "address": "",
            "phone": "",
            "email": "",
            "registration_number": None,
        },
        "addressee": {
            "name": "髙橋 花子",
            "name_en": "Hanako",
            "number": None,
            "affiliation": "",
            "postcode": "",
            "address": "",
            "corporate": False,
        },
        "period": None,
        "lines": [line],
        "rates": [{"tax_class": "out_of_scope", "total": total, "tax": 0, "percent": 0}],
        "total": total,
    }
