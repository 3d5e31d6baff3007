"""Chapter 4: members pay by card with 3-D Secure, and at a convenience store."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.dues import DuesRun
from tests.journeys.installations import wait_for
from tests.journeys.paying import choose, enter_card, expect_paid, invoice_id, pay_at_the_counter, told
from tests.journeys.pdfs import squeezed, text_of
from tests.journeys.people import MEMBER, STUDENT, Here


@pytest.mark.rule("P2")
@pytest.mark.rule("B15")
@pytest.mark.rule("I9")
def test_a_card_payment_brings_the_receipt_at_once_and_by_letter(here: Here, dues: DuesRun) -> None:
    member = here.person(MEMBER)
    page = choose(member, "card")
    enter_card(member, pictures="40")
    expect_paid(member, page)
    member.shot("41-paid-by-card")

    member.go("/billing/my/invoices")
    link = member.main.locator("a[href^='/billing/my/receipts/']").first
    expect(link).to_be_visible()
    first = text_of(member.download(link))
    number = here.office().json(f"/billing/api/invoices/{invoice_id(page)}")["number"]
    for words in ("領収書", "髙橋 花子", "10,000", dues.name, number):
        assert squeezed(words) in first, (words, first)
    assert "再発行" not in first
    member.go("/billing/my/invoices")
    member.shot("42-receipt-ready")
    assert "再発行" in text_of(member.download(member.main.locator("a[href^='/billing/my/receipts/']").first))

    letter = here.installation.letter(MEMBER, "領収書", "10,000", dues.name)
    assert any("/billing/my/receipts/" in link for link in letter.links)
    office = here.office().go(f"/billing/console/invoices/{invoice_id(page)}")
    office.see("入金済", "クレジットカード", number)
    office.shot("43-invoice-paid-in-console")


@pytest.mark.rule("P3")
@pytest.mark.rule("P6")
def test_a_failed_identity_check_closes_cards_but_not_the_store(here: Here, dues: DuesRun) -> None:
    student = here.person(STUDENT)
    page = choose(student, "card")
    enter_card(student, passes=False)
    expect(student.main.locator("a[href*='method=konbini']").first).to_be_visible()
    expect(student.main.locator("a[href*='method=card']")).to_have_count(0)
    student.see("30")  # minutes
    student.shot("44-card-locked")

    choose(student, "konbini", "lawson")
    number, confirmation, amount, _until = told(student)
    assert re.fullmatch(r"\d{6,20}", number) and re.fullmatch(r"\d{3,10}", confirmation) and amount == "¥3,000"
    student.shot("45-number-for-the-store")
    letter = here.installation.letter(STUDENT, number)
    assert confirmation in letter.text and "3,000" in letter.text
    pay_at_the_counter(here.clerk(), number, confirmation)
    here.clerk().shot("46-store-counter")
    expect_paid(student, page)  # it stands open and sees it by itself
    student.shot("47-paid-at-the-store")
    here.installation.letter(STUDENT, "領収書", "3,000")


@pytest.mark.rule("P3")
def test_cards_are_open_again_after_half_an_hour(here: Here, dues: DuesRun) -> None:
    member = here.by_link(dues.regular(2).email)
    page = choose(member, "card")
    enter_card(member, "4000 0000 0000 0127")
    expect(member.main.locator("a[href*='method=konbini']").first).to_be_visible()
    here.installation.move_clock(minutes=29)
    member.go(page)
    expect(member.main.locator("a[href*='method=card']")).to_have_count(0)
    here.installation.move_clock(minutes=2)
    choose(member, "card")
    enter_card(member)
    expect_paid(member, page)


@pytest.mark.rule("P9")
def test_a_way_to_pay_can_be_changed_until_it_is_paid(here: Here, dues: DuesRun) -> None:
    member = here.by_link(dues.regular(3).email)
    page = choose(member, "konbini", "seven_eleven")
    assert re.fullmatch(r"\d{13}", told(member)[0])
    member.main.locator("form[action$='/change'] button").click()
    expect(member.main.locator("a[href*='method=card']")).to_be_visible()
    choose(member, "card")
    enter_card(member)
    expect_paid(member, page)
    office = here.office()
    wait_for(lambda: office.json(f"/billing/api/invoices/{invoice_id(page)}")["state"] == "paid", "paid invoice")
