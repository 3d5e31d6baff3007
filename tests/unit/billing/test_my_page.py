"""My Page: what is due, downloads, and that a payer sees only their own (B3, B5, B15)."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from shared.identity import Role
from shared.ids import new_id
from tests.unit.billing.office import Office


def text_of(pdf: bytes, folder: Path) -> str:
    path = folder / "paper.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


@pytest.mark.rule("B5")
def test_a_draft_does_not_exist_for_its_payer(office: Office) -> None:
    person = office.add_person()
    run = office.create()
    (draft,) = office.invoices()
    member = office.member(person)
    assert "現在お支払いいただくものはございません" in member.get("/billing/my/due").text
    assert "2026年度年会費" not in member.get("/billing/my/invoices").text
    assert member.get(f"/billing/my/invoices/{draft.id}.pdf").status_code == 404
    assert office.staff().get(f"/billing/console/invoices/{draft.id}.pdf").status_code == 409
    office.confirm(run)
    due = member.get("/billing/my/due").text
    assert "2026年度年会費" in due and "¥10,000" in due and f"/payments/my/pay/{draft.id}" in due
    assert "<html" not in due


@pytest.mark.rule("B3")
def test_nothing_to_pay_is_said_on_my_page(office: Office) -> None:
    member = office.member(office.add_person(category="honorary"))
    office.bill()
    assert "入金不要" in member.get("/billing/my/due").text
    assert "入金不要" in member.get("/billing/my/invoices").text


@pytest.mark.rule("B10")
def test_credit_is_shown(office: Office) -> None:
    person = office.add_person()
    office.pay(None, 2_500, payer=person)
    member = office.member(person)
    assert "¥2,500をお預かりしています" in member.get("/billing/my/due").text
    assert "You have a credit of ¥2,500" in office.member(person, "en").get("/billing/my/invoices").text


@pytest.mark.rule("B15")
def test_the_second_download_of_a_receipt_is_marked(office: Office, tmp_path: Path) -> None:
    person = office.add_person(name="髙橋 𠮷子")
    office.bill()
    (invoice,) = office.invoices()
    member = office.member(person)
    assert "領収書PDF" not in member.get("/billing/my/invoices").text
    office.pay(invoice.id, 10_000)
    assert "領収書PDF" in member.get("/billing/my/invoices").text
    (receipt,) = receipts(office, invoice.id)
    address = f"/billing/my/receipts/{receipt['id']}.pdf"
    assert office.staff().get(address.replace("/my/", "/console/")).status_code == 200  # does not count
    assert member.client.head(address).status_code == 200  # nor does this
    first = member.get(address)
    assert (first.status_code, first.mimetype) == (200, "application/pdf")
    assert "attachment" in first.headers["Content-Disposition"]
    seen = text_of(first.data, tmp_path)
    assert "領" in seen and "R2026-0000001" in seen and "髙橋 𠮷子" in seen and "¥10,000" in seen
    assert "クレジットカード" in seen and "再発行" not in seen
    assert "再発行" in text_of(member.get(address).data, tmp_path)
    assert "Re-issued" in text_of(member.get(f"{address}?in=en").data, tmp_path)
    assert receipts(office, invoice.id)[0]["downloads"] == 3
    assert "控" in text_of(office.staff().get(address.replace("/my/", "/console/")).data, tmp_path)


@pytest.mark.rule("B15")
def test_a_void_receipt_is_handed_out_no_more(office: Office) -> None:
    person = office.add_person()
    office.bill()
    (invoice,) = office.invoices()
    office.take_back(office.pay(invoice.id, 10_000))
    (receipt,) = receipts(office, invoice.id)
    assert receipt["is_void"]
    assert office.member(person).get(f"/billing/my/receipts/{receipt['id']}.pdf").status_code == 410
    assert "領収書PDF" not in office.member(person).get("/billing/my/invoices").text


def test_a_payer_sees_only_their_own(office: Office) -> None:
    one, other = office.add_people([{}, {}])
    office.bill()
    mine, theirs = office.invoices()
    office.pay(theirs.id, 10_000)
    (receipt,) = receipts(office, theirs.id)
    member = office.member(one)
    assert member.get(f"/billing/my/invoices/{mine.id}.pdf").status_code == 200
    assert member.get(f"/billing/my/invoices/{theirs.id}.pdf").status_code == 404
    assert member.get(f"/billing/my/receipts/{receipt['id']}.pdf").status_code == 404
    assert theirs.number not in member.get("/billing/my/invoices").text
    assert member.send("GET", f"/billing/api/invoices/{theirs.id}").status_code == 404
    assert office.member(other).get(f"/billing/my/receipts/{receipt['id']}.pdf").status_code == 200
    stranger = office.visitor(Role.MEMBER, person=one, society=new_id())
    assert stranger.get(f"/billing/my/invoices/{mine.id}.pdf").status_code == 404


def receipts(office: Office, invoice: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = office.staff().get(f"/billing/api/receipts?invoice_id={invoice}").json
    return found
