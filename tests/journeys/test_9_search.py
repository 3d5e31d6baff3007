"""Chapter 9, later: the office searches by more than a name, sends the search to a colleague, and keeps it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE
from tests.journeys.installations import ON_THE_STACK
from tests.journeys.people import ADMINISTRATOR, Here, log_in
from tests.journeys.test_9_standings import LIST, add_member

pytestmark = ON_THE_STACK


@pytest.mark.rule("M9")
@pytest.mark.rule("W1")
def test_a_search_by_many_conditions_is_saved_for_the_office(here: Here) -> None:
    office, word = here.office(), "詳細"
    add_member(office, f"{word} 一郎", kana="ショウサイ イチロウ", joined_on="2019-04-01")
    add_member(office, f"{word} 二郎", kana="ショウサイ ジロウ", joined_on="2019-10-01", email="jiro@search.example")
    add_member(office, f"{word} 三郎", kana="ショウサイ サブロウ", joined_on="2021-04-01")
    office.go(LIST)
    office.shot("180-members-simple-search")
    office.page.fill("input[name=q]", word)
    office.page.get_by_text("詳細条件").click()
    office.page.select_option("select[name=email]", "no")
    office.page.fill("input[name=joined_to]", "2020-03-31")
    office.shot("181-more-conditions")
    office.button("表示").click()
    office.see(f"{word} 一郎", "入会日（まで）：2020/03/31", "メールアドレス：なし")
    office.see_not(f"{word} 二郎", f"{word} 三郎")
    office.shot("182-conditions-as-chips")

    office.main.locator(".chip", has_text="メールアドレス").get_by_role("link").click()
    office.see(f"{word} 一郎", f"{word} 二郎")
    office.see_not(f"{word} 三郎")
    colleague = here.visitor(PHONE)
    log_in(colleague, ADMINISTRATOR)
    colleague.go(office.page.url).see(f"{word} 二郎", "入会日（まで）")
    colleague.shot("183-the-same-search-on-a-phone")

    office.link("この検索を保存").click()
    name = f"2020年以前の{word}"
    office.page.fill("input[name=name]", name)
    office.page.check("input[name=shared]")
    office.shot("184-save-a-search")
    office.button("保存").click()
    office.see(f"{word} 一郎", f"{word} 二郎")
    expect(office.page.locator("[aria-current]", has_text=name)).to_be_visible()
    office.page.fill("input[name=q]", f"{word} 二郎")
    office.button("表示").click()
    office.see_not(f"{word} 一郎")
    office.shot("185-opened-and-changed")
    office.button(f"「{name}」に上書き保存").click()
    expect(office.button(re.compile("上書き保存"))).to_have_count(0)
    colleague.go("/members/console/searches").see(name, "事務局全員")
    colleague.shot("186-saved-searches-on-a-phone")
    office.go("/members/console/searches?lang=en").see(name, "Whole office")
    office.shot("187-saved-searches-in-english")
    office.link(name).first.click()
    office.see(f"{word} 二郎")
    office.shot("188-a-saved-search-in-english")
    office.go(f"{LIST}?lang=ja")
    with office.refused_with(422):
        office.go(f"{LIST}?on=2020-04-01")
        office.see("この基準日の会員状況を選択してください")
    office.shot("189-a-day-without-a-standing")
    office.go("/members/console/searches")
    office.main.get_by_role("row", name=re.compile(name)).get_by_role("button", name="削除").click()
    office.see_not(name)
