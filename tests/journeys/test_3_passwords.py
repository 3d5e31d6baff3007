"""Chapter 3: members set their password through a mailed link, and nobody learns who is a member."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.dues import DuesRun
from tests.journeys.people import CHOSEN, Here, log_in, password_link, set_password


@pytest.mark.rule("M11")
@pytest.mark.rule("S7")
def test_the_mailed_link_sets_a_password_once(here: Here, dues: DuesRun) -> None:
    person = dues.regular(0)
    window = here.visitor()
    link = password_link(here.installation, window, person.email)
    window.shot("30-link-is-on-its-way")
    window.go(link)
    window.see(person.email)
    window.shot("31-choose-a-password")
    window.go(link)  # whoever only looks (a mail scanner does) uses nothing up
    set_password(window)
    expect(window.page).to_have_url(f"{window.url}/members/my/")
    window.see(person.name, dues.name)
    window.shot("32-my-page")

    other = here.visitor()
    with other.refused_with(409, 410, 404, 422):
        other.go(link)
        expect(other.main.locator("[data-reason]")).to_be_visible()
    assert other.page.locator("input[name=password]").count() == 0
    other.shot("33-link-used-twice")
    log_in(other, person.email, CHOSEN)
    expect(other.page).to_have_url(f"{other.url}/members/my/")


@pytest.mark.rule("M11")
@pytest.mark.rule("S6")
def test_the_answer_is_the_same_for_an_address_that_nobody_has(here: Here, dues: DuesRun) -> None:
    answers = []
    for email in ("nobody-has-this@demo.example", dues.regular(1).email):
        window = here.visitor()
        window.go("/members/password")
        window.page.fill("input[name=email]", email)
        window.page.keyboard.press("Enter")
        window.see(email)
        answers.append(re.sub(r"\s+", " ", window.main.inner_text()).replace(email, "…"))
    assert answers[0] == answers[1]


def test_a_wrong_password_is_refused_in_words(here: Here) -> None:
    window = here.visitor()
    with window.refused_with(401, 403, 422):
        window.go("/members/login")
        window.page.fill("input[name=email]", "honorary@demo.example")
        window.page.fill("input[name=password]", "not the password")
        window.page.keyboard.press("Enter")
        expect(window.main.get_by_role("alert")).to_be_visible()
    window.shot("34-wrong-password")
