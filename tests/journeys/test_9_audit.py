"""Chapter 9, later: somebody asks who changed an address. The administrator looks it up 操作ログ; a clerk may not."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE
from tests.journeys.installations import ON_THE_STACK, wait_for
from tests.journeys.people import ADMINISTRATOR, Here, log_in

pytestmark = ON_THE_STACK

TRAIL = "/members/console/audit"
AFFAIRS = "affairs@demo.example"


@pytest.mark.rule("W3")
@pytest.mark.rule("S35")
def test_an_administrator_finds_who_changed_an_address(here: Here) -> None:
    clerk = here.person(AFFAIRS)
    clerk.go("/members/console/members/new")
    for field, text in {"name": "転居 春子", "kana": "テンキョ ハルコ", "address": "東京都千代田区霞が関1-1"}.items():
        clerk.page.fill(f"[name={field}]", text)
    clerk.page.select_option("select[name=category]", "regular")
    clerk.page.keyboard.press("Enter")
    clerk.see("転居 春子")
    member = clerk.path
    clerk.go(f"{member}/edit")
    clerk.page.fill("[name=address]", "京都府京都市上京区2-2")
    clerk.page.keyboard.press("Enter")
    clerk.see("京都府京都市上京区2-2")

    office = here.office().go(member)
    office.link("操作ログ").click()
    office.see("会員情報を変更", "転居 春子", "住所", "東京都千代田区霞が関1-1", "京都府京都市上京区2-2")
    who = office.main.locator("tr.audit-entry", has_text="会員情報を変更").locator("td").nth(2)
    expect(who).to_have_text("会員 係子")
    office.shot("200-who-changed-the-address")

    office.go(TRAIL)
    office.page.get_by_role("searchbox", name="記録の中の語句").fill("上京区2-2")
    office.button("表示").click()
    office.see("転居 春子")
    expect(office.main.locator("tr.audit-entry")).to_have_count(1)
    sheet = office.download(office.link("CSV")).decode("utf-8-sig")
    assert re.search(r"会員情報を変更,会員,転居 春子,住所: 東京都千代田区霞が関1-1 → 京都府京都市上京区2-2", sheet)
    office.go(TRAIL)
    office.shot("201-audit-trail")
    changes = f"/members/api/audit?subject=member/{member.rpartition('/')[2]}"
    wait_for(lambda: all(each["number"] for each in office.json(changes)["entries"]), "the changes to be sealed")
    office.go("/billing/console/audit")
    expect(office.page.locator("#side a[aria-current=page]")).to_have_text("操作ログ")
    office.shot("202-audit-trail-of-billing")
    english = here.visitor(PHONE)
    log_in(english, ADMINISTRATOR)
    english.go(f"{TRAIL}?lang=en").see("Changed a member", "Sealed up to no.")
    english.shot("203-audit-trail-on-a-phone")
    assert not english.scrolls_sideways()

    expect(clerk.page.locator(f"#side a[href='{TRAIL}']")).to_have_count(0)
    with clerk.refused_with(403):
        clerk.go(TRAIL).see_not("会員情報を変更")
