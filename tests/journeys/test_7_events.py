"""Chapter 7: an event is published; a member registers, pays by the same path, and is confirmed by letter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from shared import clock
from tests.journeys.browser import Window, yen
from tests.journeys.dues import DuesRun
from tests.journeys.paying import enter_card, expect_paid
from tests.journeys.people import ENGLISH_MEMBER, Here


@pytest.fixture(scope="session")
def meeting(everybody: Here) -> str:
    """The address of a published event with a fee, as members see it in their list."""
    office, day = everybody.office(), clock.today()
    office.go("/events/console/events/new")
    for name, value in {
        "title": "第38回年次大会",
        "title_en": "38th Annual Meeting",
        "venue": "集い大学 講堂",
        "venue_en": "Tsudoi University, Main Hall",
        "description": "講演と懇親会を行います。",
        "description_en": "Lectures and a reception.",
        "starts_on": (day + timedelta(days=60)).isoformat(),
        "ends_on": (day + timedelta(days=61)).isoformat(),
        "registration_until": (day + timedelta(days=50)).isoformat(),
        "capacity": "40",
        "fee": "8000",
    }.items():
        office.page.fill(f"[name={name}]", value)
    office.shot("70-event-form")
    office.page.locator("main form .form-actions button").click()
    office.see("第38回年次大会", "¥8,000")
    for switch in ("published", "registration_open", "on_my_page"):
        office.page.check(f"input[name={switch}]")
    office.page.locator("main form:has(input[name=published]) .form-actions button").click()
    expect(office.page.locator("input[name=on_my_page]")).to_be_checked()
    office.shot("71-event-published")
    return f"/events/my/events/{office.path.rsplit('/', 1)[-1]}"


@pytest.mark.rule("E2")
@pytest.mark.rule("E3")
def test_a_member_registers_pays_and_is_confirmed(here: Here, dues: DuesRun, meeting: str) -> None:
    person = dues.regular(11)
    member = here.by_link(person.email)
    member.go("/events/my/events").link("第38回年次大会").click()
    expect(member.page).to_have_url(member.url + meeting)
    member.shot("72-event-of-my-page")
    register(member)
    member.shot("73-registered-to-be-paid")
    member.main.locator("a[href^='/payments/my/pay/']").click()
    page = member.path
    member.see("¥8,000", "第38回年次大会")
    pay_by_card(member, page)
    member.go(meeting)
    expect_confirmed(member)
    member.shot("74-registration-confirmed")
    here.installation.letter(person.email, "第38回年次大会", "集い大学 講堂")
    here.installation.letter(person.email, "領収書", "8,000")
    member.go("/members/my/").see("第38回年次大会")

    office = here.office().go(meeting.replace("/my/", "/console/"))
    office.see(person.name, person.number)
    assert yen(office.tile("入金済")) >= 8_000
    office.shot("75-participants")


@pytest.mark.rule("E3")
def test_an_english_member_registers_in_english(here: Here, dues: DuesRun, meeting: str) -> None:
    member = here.person(ENGLISH_MEMBER)
    member.go(meeting).see("38th Annual Meeting", "Main Hall", "Lectures")
    member.shot("76-english-event")
    register(member)
    member.main.locator("a[href^='/payments/my/pay/']").click()
    pay_by_card(member, member.path)
    member.go(meeting)
    expect_confirmed(member)
    letter = here.installation.letter(ENGLISH_MEMBER, "38th Annual Meeting", "Main Hall")
    assert "第38回" not in letter.subject


def register(member: Window) -> None:
    """Take a seat, and wait until the invoice is there."""
    member.main.locator("form[action$='/register'] button").click()
    expect(member.main.locator("a[href^='/payments/my/pay/']")).to_be_visible()


def pay_by_card(member: Window, page: str) -> None:
    member.main.locator("a[href*='method=card']").click()
    member.page.locator("main form .form-actions button").click()
    enter_card(member)
    expect_paid(member, page)


def expect_confirmed(member: Window) -> None:
    """The payment travels over billing to events: in a moment, not at once."""
    for _ in range(60):
        if member.main.locator("#event-state .badge-good").count():
            return
        member.page.wait_for_timeout(250)
        member.page.reload()
    expect(member.main.locator("#event-state .badge-good")).to_be_visible()
