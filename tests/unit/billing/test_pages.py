"""The staff console: from conditions to confirmed invoices, by clicking (B2, B5, B7, B19+)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.identity import Role
from shared.web.access import undeclared_routes
from tests.unit.billing.office import Office

CONDITIONS = {
    "name": "2026年度年会費",
    "name_en": "Dues 2026",
    "fiscal_year": "2026",
    "charge_start": "2026-04",
    "due_on": "2026-06-30",
}


@pytest.mark.rule("B2")
@pytest.mark.rule("B3")
@pytest.mark.rule("B5")
def test_a_run_from_conditions_to_confirmation(office: Office) -> None:
    office.add_people([{}, {"category": "honorary"}, {"category": "student", "name": "除外 太郎"}])
    staff = office.staff()
    assert "会費" in staff.get("/billing/console/runs/new").text
    planned = staff.post("/billing/console/runs", {**CONDITIONS, "excluded_categories": "student"})
    assert planned.status_code == 303
    run = planned.location
    preview = staff.get(run).text
    assert "条件で除外した会員種別" in preview and "¥10,000" in preview and "2件の請求を作成する" in preview
    assert staff.post(f"{run}/create").status_code == 303
    assert "請求情報を作成しています" in staff.get(run).text
    assert staff.post(f"{run}/create").status_code == 409
    office.work()
    page = staff.get(run).text
    assert "2件（¥10,000）を確定する" in page
    assert "除外 太郎" in staff.get(f"{run}?reason=excluded").text
    assert staff.post(f"{run}/confirm").status_code == 303
    office.work()
    assert office.run(run.rsplit("/", 1)[1]).state == "confirmed"
    assert sorted(row.state for row in office.invoices()) == ["nothing_due", "unpaid"]


def test_the_conditions_come_back_with_what_is_wrong(office: Office) -> None:
    answer = office.staff().post("/billing/console/runs", {**CONDITIONS, "due_on": "soon", "name": "途中の名前"})
    assert answer.status_code == 422
    assert "途中の名前" in answer.text and "2026-04-01" in answer.text
    answer = office.staff().post("/billing/console/runs", {**CONDITIONS, "fiscal_year": "2031"})
    assert answer.status_code == 409
    assert "2031年度の会費が設定されていません" in answer.text


@pytest.mark.rule("B7")
def test_a_paid_run_cannot_be_cancelled_and_the_page_names_what_blocks(office: Office) -> None:
    office.add_person()
    run = office.bill()
    office.pay(office.invoices()[0].id, 3_000)
    answer = office.staff().post(f"/billing/console/runs/{run}/cancel")
    assert answer.status_code == 409
    assert "I2026-0000001 に¥3,000の入金があります" in answer.text


@pytest.mark.rule("B7")
def test_chosen_invoices_are_cancelled_from_the_list(office: Office) -> None:
    office.add_people([{}, {}])
    office.bill()
    first, second = office.invoices()
    staff = office.staff()
    answer = staff.post(
        "/billing/console/invoices/cancel", {"id": first.id, "back": "/billing/console/invoices?year=2026"}
    )
    assert (answer.status_code, answer.location) == (303, "/billing/console/invoices?year=2026")
    answer = staff.post("/billing/console/invoices/cancel", {"id": first.id, "back": "https://elsewhere.example"})
    assert (answer.status_code, "すでに取り消されています" in answer.text) == (409, True)
    assert [row.state for row in office.invoices()] == ["cancelled", "unpaid"]
    assert staff.post(f"/billing/console/invoices/{second.id}/cancel").status_code == 303
    assert [row.state for row in office.invoices()] == ["cancelled", "cancelled"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=髙橋花子", {"髙橋 花子"}),
        ("q=ﾔﾏﾀﾞ", {"山田 太郎"}),
        ("q=sakura", {"伊藤 さくら"}),
        ("q=000002", {"山田 太郎"}),
        ("q=I2026-0000003", {"伊藤 さくら"}),
        ("state=paid", {"山田 太郎"}),
        ("state=open", {"髙橋 花子", "伊藤 さくら"}),
        ("state=overdue", {"髙橋 花子", "伊藤 さくら"}),
        ("year=2025", set()),
        ("kind=event", set()),
        ("q=%25", set()),
    ],
)
def test_invoices_are_found_by(office: Office, query: str, found: set[str]) -> None:
    office.add_people(
        [
            {"name": "髙橋 花子", "kana": "タカハシ ハナコ"},
            {"name": "山田 太郎", "kana": "ヤマダ タロウ"},
            {"name": "伊藤 さくら", "kana": "イトウ サクラ", "roman": "Sakura ITO"},
        ]
    )
    office.bill()
    office.pay(office.invoices()[1].id, 10_000)
    page = office.staff().get(f"/billing/console/invoices?{query}").text
    assert {name for name in ("髙橋 花子", "山田 太郎", "伊藤 さくら") if name in page} == found


@pytest.mark.rule("B13")
def test_the_page_of_an_invoice_shows_what_was_applied(office: Office) -> None:
    office.add_person()
    office.bill()
    (invoice,) = office.invoices()
    staff = office.staff()
    assert (
        f"/payments/console/payments/new?invoice={invoice.id}"
        in staff.get(f"/billing/console/invoices/{invoice.id}").text
    )
    office.take_back(office.pay(invoice.id, 4_000))
    office.pay(None, 15_000, payer=invoice.payer_id)
    page = staff.get(f"/billing/console/invoices/{invoice.id}").text
    assert "入金の取消" in page and "−¥4,000" in page and "この請求に充当する" in page
    assert staff.post(f"/billing/console/invoices/{invoice.id}/use-credit").status_code == 303
    page = staff.get(f"/billing/console/invoices/{invoice.id}").text
    assert "R2026-0000001" in page and "過払いから充当" in page


@pytest.mark.rule("B19+")
def test_the_dashboard_sums_a_fiscal_year(office: Office) -> None:
    office.add_people([{}, {}, {"category": "student", "category_name": "学生会員"}])
    office.bill()
    office.pay(office.invoices()[0].id, 12_000)
    office.pay(office.invoices()[1].id, 1_500)
    page = office.staff(Role.READER).get("/billing/console/?year=2026").text
    values = re.findall(r'tile-value num">(?:<a[^>]*>)?([^<]+)', page)
    assert values == ["¥23,000", "¥11,500", "¥11,500"]
    assert "50.0 %" in page and "学生会員" in page and "¥2,000" in page
    assert "この年度の請求はまだありません" in office.staff().get("/billing/console/?year=2024").text


@pytest.mark.rule("B1")
def test_fees_are_edited_in_their_table(office: Office) -> None:
    office.add_person(category="supporting", category_name="賛助会員")
    staff = office.staff()
    page = staff.get("/billing/console/fees?year=2026").text
    assert "賛助会員" in page
    given = {"fiscal_year": "2026", "category": "supporting", "annual_fee": "５０，０００", "title": "賛助会費"}
    assert staff.post("/billing/console/fees", given).status_code == 303
    assert staff.post("/billing/console/fees", given).status_code == 409
    assert staff.post("/billing/console/fees", {**given, "annual_fee": "-1"}).status_code == 422
    page = staff.get("/billing/console/fees?year=2026").text
    assert 'value="50000"' in page
    assert staff.post("/billing/console/fees/copy", {"fiscal_year": "2027"}).status_code == 303
    assert 'value="50000"' in staff.get("/billing/console/fees?year=2027").text
    ids = re.findall(r"/billing/console/fees/([0-9a-f-]{36})\"", page)
    changed = {"annual_fee": "12,000", "title": "年会費", "tax_class": "out_of_scope", "fiscal_year": "2026"}
    assert staff.post(f"/billing/console/fees/{ids[0]}", changed).status_code == 303
    assert staff.post(f"/billing/console/fees/{ids[1]}/remove", {"fiscal_year": "2026"}).status_code == 303
    page = staff.get("/billing/console/fees?year=2026").text
    assert 'value="12000"' in page and len(set(re.findall(r"fees/([0-9a-f-]{36})\"", page))) == 3


def test_nobody_gets_in_who_may_not(office: Office) -> None:
    person = office.add_person()
    run = office.bill()
    (invoice,) = office.invoices()
    pages = ["", "runs", f"runs/{run}", "invoices", f"invoices/{invoice.id}", "fees"]
    answers: dict[str, Any] = {
        "guest": [office.visitor().get(f"/billing/console/{page}").status_code for page in pages],
        "member": [office.member(person).get(f"/billing/console/{page}").status_code for page in pages],
        "reader": [office.staff(Role.READER).get(f"/billing/console/{page}").status_code for page in pages],
    }
    assert answers == {"guest": [302] * 6, "member": [403] * 6, "reader": [200] * 6}
    reader = office.staff(Role.READER)
    for action in (f"runs/{run}/cancel", f"invoices/{invoice.id}/cancel", "fees", "runs"):
        assert reader.post(f"/billing/console/{action}").status_code == 403
    assert not undeclared_routes(office.app)


@pytest.mark.rule("S41")
@pytest.mark.parametrize("id", ["no-id", "1' OR '1'='1", "a\x00b"])
def test_an_id_that_is_none_is_refused_and_is_no_defect(either_office: Office, id: str) -> None:
    answer = either_office.staff().post("/billing/console/invoices/cancel", {"id": id})
    assert answer.status_code < 500
