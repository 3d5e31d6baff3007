"""Chapter 5: money that comes through the bank, through the till of the office, and money that nobody can name."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.dues import DuesRun
from tests.journeys.installations import wait_for
from tests.journeys.paying import (
    account_told,
    choose,
    days_bank_file,
    expect_paid,
    invoice_id,
    read_bank_file,
    take_in_bank_file,
    transfer,
)
from tests.journeys.people import Here

OFFICE_ADDRESS = "office@demo.example"


@pytest.mark.rule("P4")
@pytest.mark.rule("P5")
def test_a_transfer_to_an_account_of_its_own_is_settled_by_the_bank_file(here: Here, dues: DuesRun) -> None:
    person = dues.regular(4)
    member, clerk = here.by_link(person.email), here.clerk()
    page = choose(member, "bank_transfer")
    number = account_told(member)
    member.shot("50-account-of-its-own")
    here.installation.letter(person.email, number[-7:])
    transfer(clerk, number=number, amount=10_000, name=person.kana)
    clerk.shot("51-at-the-bank")
    content = days_bank_file(clerk)
    assert all(len(line) == 200 for line in content.splitlines())
    take_in_bank_file(here.accountant(), content, "52")
    expect_paid(member, page)
    here.installation.letter(person.email, "領収書", "10,000")

    take_in_bank_file_again(here, content)
    books = here.office().all_of(f"/billing/api/invoices?q={person.number}")
    assert [(row["paid"], row["state"]) for row in books] == [(10_000, "paid")]


@pytest.mark.rule("B13")
def test_a_part_payment_leaves_the_rest_to_pay(here: Here, dues: DuesRun) -> None:
    person = dues.regular(5)
    member, clerk = here.by_link(person.email), here.clerk()
    choose(member, "bank_transfer")
    transfer(clerk, number=account_told(member), amount=4_000, name=person.kana)
    take_in_bank_file(here.accountant(), days_bank_file(clerk))
    wait_for(lambda: _states(here, person.number) == ["part_paid"], "part payment")
    member.go("/members/my/")
    member.see("¥6,000", "¥4,000", dues.name)
    member.shot("53-part-paid")
    member.go("/billing/my/invoices").see("一部入金")


@pytest.mark.rule("B10")
@pytest.mark.rule("P17")
def test_what_is_too_much_becomes_credit(here: Here, dues: DuesRun) -> None:
    person = dues.regular(6)
    member, clerk = here.by_link(person.email), here.clerk()
    page = choose(member, "bank_transfer")
    transfer(clerk, number=account_told(member), amount=10_500, name=person.kana)
    take_in_bank_file(here.accountant(), days_bank_file(clerk))
    expect_paid(member, page)
    wait_for(lambda: _states(here, person.number) == ["paid"], "paid invoice")
    member.go("/members/my/")
    member.see("¥500", "次回のご請求に充当")
    member.shot("54-credit")


@pytest.mark.rule("P5")
def test_a_deposit_without_a_number_waits_until_staff_assign_it(here: Here, dues: DuesRun) -> None:
    person, clerk, accountant = dues.regular(7), here.clerk(), here.accountant()
    _merchant_exists(here, dues)
    transfer(clerk, amount=10_000, name=person.kana)
    take_in_bank_file(accountant, days_bank_file(clerk))
    here.installation.letter(OFFICE_ADDRESS, "10,000", "/payments/console/deposits")
    accountant.go("/payments/console/deposits")
    row = accountant.main.locator("tbody tr", has_text="10,000").first
    expect(row).to_be_visible()
    accountant.shot("55-unidentified-deposits")
    row.locator("a").first.click()
    accountant.see("不明入金")
    accountant.shot("56-whose-may-it-be")
    accountant.go(f"{accountant.path}?q={person.number}")
    offer = accountant.main.locator("section.card", has_text=person.number).locator("form[action$='/assignment']").first
    offer.locator("button").click()
    wait_for(lambda: _states(here, person.number) == ["paid"], "paid invoice")
    accountant.shot("57-deposit-assigned")
    here.installation.letter(person.email, "領収書", "10,000")


@pytest.mark.rule("P15")
def test_cash_is_entered_by_staff(here: Here, dues: DuesRun) -> None:
    person, accountant = dues.regular(8), here.accountant()
    accountant.go(f"/billing/console/invoices?q={person.number}&year={dues.year}")
    accountant.main.locator("tbody th a").first.click()
    accountant.shot("58-invoice-unpaid")
    accountant.main.locator("a[href^='/payments/console/payments/new']").click()
    expect(accountant.main.locator("input.num").first).to_have_value("10000")
    accountant.page.select_option("select[name=method]", "cash")
    accountant.page.fill("textarea[name=memo]", "総会の受付で")
    accountant.shot("59-offline-payment")
    accountant.main.locator(".form-actions button").click()
    accountant.see("¥10,000", "現金", "総会の受付で")
    accountant.shot("59-payment-recorded")
    wait_for(lambda: _states(here, person.number) == ["paid"], "paid invoice")
    here.installation.letter(person.email, "領収書", "10,000")


def take_in_bank_file_again(here: Here, content: bytes) -> None:
    """A file that was imported before is known; nothing can be booked from it twice (S24)."""
    office = here.accountant()
    with office.refused_with(409, 422):
        read_bank_file(office, content)
        expect(office.main.locator(".alert").first).to_be_visible()
    assert office.main.locator("form[action$='/import'] button").count() == 0


def _states(here: Here, number: str) -> list[str]:
    rows = here.office().all_of(f"/billing/api/invoices?q={number}&kind=annual")
    return [row["state"] for row in rows]


def _merchant_exists(here: Here, dues: DuesRun) -> None:
    """The bank knows a society since it first asked for a payment."""
    here.clerk().go("/sandbox/bank")
    if not here.clerk().page.locator("select[name=merchant]").count():
        page = choose(here.by_link(dues.regular(9).email), "konbini", "seven_eleven")
        assert invoice_id(page)
