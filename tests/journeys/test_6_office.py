"""Chapter 6: the office looks at the figures, the books and the letters."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import yen
from tests.journeys.dues import DuesRun
from tests.journeys.installations import wait_for
from tests.journeys.paying import choose, enter_card, expect_paid, invoice_id
from tests.journeys.people import ENGLISH_MEMBER, MEMBER, Here


@pytest.mark.rule("B19+")
def test_the_dashboard_says_what_the_invoices_add_up_to(here: Here, dues: DuesRun) -> None:
    office = here.office()
    _somebody_has_paid(here)
    invoices = office.all_of(f"/billing/api/invoices?fiscal_year={dues.year}")
    counted = [row for row in invoices if row["number"] and row["state"] != "cancelled"]
    billed, received = sum(row["total"] for row in counted), sum(row["paid"] for row in counted)
    office.go(f"/billing/console/?year={dues.year}")
    assert (yen(office.tile("請求額")), yen(office.tile("入金額"))) == (billed, received)
    assert yen(office.tile("未入金額")) == billed - received
    foot = office.main.locator("tfoot tr").locator("td").all_inner_texts()
    rows = [row.locator("td").all_inner_texts() for row in office.main.locator("section.card tbody tr").all()]
    by_category = [row for row in rows if len(row) == len(foot)]
    for place in (0, 1, 2, 3, 4):
        assert sum(yen(row[place]) for row in by_category) == yen(foot[place])
    assert yen(foot[2]) == billed and yen(foot[3]) == received
    office.shot("60-dashboard")


@pytest.mark.rule("P19+")
def test_the_books_balance(here: Here, dues: DuesRun) -> None:
    _somebody_has_paid(here)
    accountant = here.accountant().go("/payments/console/ledger")
    expect(accountant.main.locator(".alert-good")).to_be_visible()
    accountant.shot("61-ledger")
    accountant.go("/payments/console/payments")
    expect(accountant.main.locator("tbody tr").first).to_contain_text("¥")
    accountant.shot("62-payments")


@pytest.mark.rule("N2")
def test_sent_mail_is_found_by_address_and_words_and_shown_in_full(here: Here, dues: DuesRun) -> None:
    here.installation.letter(MEMBER, dues.name)
    office = here.office()
    office.go(f"/notifications/console/letters?q={quote(f'{MEMBER} {dues.name}')}")
    rows = office.main.locator("tbody tr")
    expect(rows.first).to_contain_text(MEMBER)
    office.shot("63-sent-mail")
    for text in rows.all_inner_texts():
        assert MEMBER in text
    rows.last.locator("a").click()
    office.see(MEMBER, dues.name, "送信済")
    assert re.search("/payments/my/pay/|/billing/my/receipts/", office.main.inner_text())
    office.shot("64-letter")
    office.go("/notifications/console/letters?q=nobody-has-this").see("0")


@pytest.mark.rule("N4")
def test_an_english_member_pays_in_english(here: Here, dues: DuesRun) -> None:
    member = here.person(ENGLISH_MEMBER)
    page = choose(member, "card")
    member.shot("65-english-card-page")
    enter_card(member)
    expect_paid(member, page)
    member.see("Paid", "Thank you")
    member.shot("65-english-paid")
    letter = here.installation.letter(ENGLISH_MEMBER, "receipt", "10,000")
    assert not re.search("[ぁ-んァ-ヶ一-龠]", letter.subject), letter.subject


@pytest.mark.rule("W2")
def test_my_page_fits_a_phone(here: Here, dues: DuesRun) -> None:
    phone = here.on_a_phone(dues.regular(10).email)
    for name, path in (
        ("home", "/members/my/"),
        ("invoices", "/billing/my/invoices"),
        ("events", "/events/my/events"),
        ("profile", "/members/my/profile"),
    ):
        phone.go(path).shot(f"66-phone-{name}")
        assert not phone.scrolls_sideways(), path
    choose(phone, "konbini", "familymart")
    expect(phone.main.locator(".facts-strong")).to_be_visible()
    phone.shot("66-phone-store-number")
    assert not phone.scrolls_sideways()


def _somebody_has_paid(here: Here) -> None:
    """At least one payment is in and nothing is on its way."""
    office, member = here.office(), here.person(MEMBER)
    member.go("/members/my/")
    expect(member.page.locator("[data-fragment][aria-busy=true]")).to_have_count(0)
    if member.main.locator("a[href^='/payments/my/pay/']").count():
        page = choose(member, "card")
        enter_card(member)
        expect_paid(member, page)
        wait_for(lambda: office.json(f"/billing/api/invoices/{invoice_id(page)}")["state"] == "paid", "paid invoice")
