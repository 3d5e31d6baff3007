"""Chapter 9: somebody joins: terms, mailed link, form, and the office decides."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE, Window
from tests.journeys.installations import wait_for
from tests.journeys.letters import Letter
from tests.journeys.people import Here

PAGE = "/members/console/applications"
LINK = "/members/apply/"
FORM = {"name": "入会 希望", "kana": "ニュウカイ キボウ", "postcode": "1000001", "address": "東京都千代田区1-1"}


def application_link(letter: Letter) -> str:
    (link,) = [link for link in letter.links if LINK in link]
    return link


def ask(here: Here, window: Window, email: str) -> str:
    """From the login page to the link in the mail."""
    known = len(here.installation.letters_to(email))
    window.go("/members/login")
    window.page.locator("a[href='/members/apply']").click()
    window.page.check("input[name=accepted]")
    window.page.fill("input[name=email]", email)
    window.page.keyboard.press("Enter")
    window.see(email)
    wait_for(lambda: len(here.installation.letters_to(email)) > known, f"new letter to {email}")
    return application_link(here.installation.letter(email, LINK))


@pytest.mark.rule("M1")
@pytest.mark.rule("M2")
@pytest.mark.rule("N1")
def test_somebody_applies_on_a_phone_and_the_office_admits_them(here: Here) -> None:
    email, name = f"joins-{here.installation.name}@apply.example", FORM["name"]
    window = here.visitor(PHONE)
    window.go("/members/apply")
    window.see("会員規約", "第1条")
    window.shot("90-terms")
    link = ask(here, window, email)
    window.shot("91-look-into-your-mail")
    window.go(link)
    window.see(email)
    window.page.select_option("select[name=category]", "regular")
    for field, text in FORM.items():
        window.page.fill(f"input[name={field}]", text)
    window.shot("92-application-form")
    window.page.keyboard.press("Enter")
    window.see(name, "100-0001", "正会員")
    window.shot("93-please-check")
    window.page.click("button[value=send]")
    expect(window.page).to_have_url(re.compile(r"/members/apply/.+/done$"))
    window.shot("94-application-sent")
    with window.refused_with(410):
        window.go(link)
        expect(window.main.locator("[data-reason=used]")).to_be_visible()
    wait_for(lambda: len(here.installation.letters_to(email)) >= 2, "the letter that confirms it")

    office = here.office().go(PAGE)
    office.see(name, email)
    office.page.get_by_role("checkbox", name=name).check()
    office.shot("95-applications")
    office.main.locator("[data-bulk] button").click()
    expect(office.main.locator(".alert-good, .empty-row").first).to_be_visible()
    office.see_not(name)
    wait_for(lambda: len(here.installation.letters_to(email)) >= 3, "the letter that admits them")
    office.go(f"/members/console/members?q={email}")
    office.see(name, "在会")


@pytest.mark.rule("M1")
@pytest.mark.rule("M4+")
@pytest.mark.rule("W1")
def test_in_english_and_the_office_takes_a_link_back(here: Here) -> None:
    email = f"waits-{here.installation.name}@apply.example"
    window = here.visitor()
    window.go("/members/apply")
    window.page.click("a[href='?lang=en']")
    window.see("Terms of membership", "Members pay the annual fee")
    window.shot("96-terms-in-english")
    link = ask(here, window, email)
    office = here.office().go(PAGE)
    office.see(email)
    row = office.main.locator("tr", has_text=email)
    row.get_by_role("button").click()
    expect(row).to_have_count(0)
    with window.refused_with(410):
        window.go(link)
        expect(window.main.locator("[data-reason=voided]")).to_be_visible()
    window.shot("97-link-taken-back")
