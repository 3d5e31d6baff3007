"""Chapter 9, later: standings change one by one and many at once, numbers are given, a member takes another address."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from shared import clock
from tests.journeys.browser import PHONE, Window
from tests.journeys.installations import wait_for
from tests.journeys.people import CHOSEN, Here, log_in, password_link, set_password

LIST = "/members/console/members"
LINK = "/members/my/email/"


def add_member(office: Window, name: str, **fields: str) -> str:
    """By hand, as an active regular member; returns the address of the page."""
    office.go(f"{LIST}/new")
    office.page.fill("input[name=name]", name)
    office.page.select_option("select[name=category]", "regular")
    for field, text in fields.items():
        office.page.fill(f"input[name={field}]", text)
    office.page.keyboard.press("Enter")
    office.see(name)
    return office.path


def today() -> date:
    return clock.today()


@pytest.mark.rule("M5")
@pytest.mark.rule("W1")
def test_a_withdrawal_is_taken_down_and_a_leave_is_scheduled(here: Here) -> None:
    office = here.office()
    page = add_member(office, "休会 予定", joined_on="2020-04-01")
    office.link(re.compile("会員状況履歴")).click()
    office.see("2020年4月1日", "在会")
    begins = today() + timedelta(days=30)
    office.page.select_option("select[name=standing]", "on_leave")
    office.page.fill("input[name=starts_on]", begins.isoformat())
    office.shot("100-change-a-standing")
    office.button("登録する").click()
    office.see("変更予定", "休会")
    with office.refused_with(409):
        office.page.select_option("select[name=standing]", "expelled")
        office.page.fill("input[name=starts_on]", begins.isoformat())
        office.button("登録する").click()
        office.see("同じ日に別の会員状況を登録できません")
    office.shot("101-two-on-one-day")
    office.go(page).see("変更予定", "休会")
    office.shot("102-member-with-a-scheduled-change")


@pytest.mark.rule("M6")
@pytest.mark.rule("M7")
@pytest.mark.rule("M8")
def test_many_are_changed_and_numbered_at_once(here: Here) -> None:
    office, word = here.office(), "一括"
    for n in range(3):
        add_member(office, f"{word} 会員{n}", kana=f"イッカツ {'アイウ'[n]}", joined_on="2020-04-01")
    office.go(f"{LIST}?q={word}&sort=kana")
    office.shot("103-members")
    office.page.click("[data-dialog=all]")
    expect(office.page.locator("#all")).to_be_visible()
    office.shot("104-all-that-are-found")
    office.page.locator("#all").get_by_role("button", name="会員番号の採番").click()
    office.see("3 名を選択しています")
    office.page.fill("input[name='starts.0']", "77701")
    office.button("変更内容を確認する").click()
    office.see("77701", "77703", "3 名に会員番号を付与できます")
    office.shot("105-numbers-to-come")
    office.button("この番号を付与する").click()
    office.see("3 名に会員番号を付与しました")
    office.go(f"{LIST}?q={word}")
    office.see("77701", "77702", "77703")

    office.page.get_by_role("checkbox", name=f"{word} 会員0").check()
    office.page.get_by_role("checkbox", name=f"{word} 会員2").check()
    office.main.locator("[data-bulk]").get_by_role("button", name="会員状況を変更").click()
    office.see("2 名を選択しています")
    office.page.select_option("select[name=standing]", "on_leave")
    office.page.fill("input[name=starts_on]", "2020-04-01")
    office.button("変更内容を確認する").click()
    office.see("2 名いるため、一括変更できません", "2020/04/02")
    office.shot("106-who-is-in-the-way")
    office.page.fill("input[name=starts_on]", today().isoformat())
    office.button("変更内容を確認する").click()
    office.see("2 名を変更できます")
    office.shot("107-nothing-in-the-way")
    office.button("全員を変更する").click()
    office.see("2 名を変更しました")
    office.go(f"{LIST}?q={word}&standing=on_leave").see("会員0", "会員2")
    office.see_not("会員1")

    office.go(f"{LIST}?q={word}").page.get_by_role("checkbox", name=f"{word} 会員1").check()
    office.main.locator("[data-bulk]").get_by_role("button", name="会員種別を変更").click()
    office.page.select_option("select[name=category]", "honorary")
    office.page.fill("input[name=starts_on]", (today() + timedelta(days=30)).isoformat())
    office.button("変更内容を確認する").click()
    office.see("1 名を変更できます")
    office.shot("116-one-category-for-many")
    office.button("全員を変更する").click()
    office.see("1 名を変更しました")
    office.go(f"{LIST}?q={word}").link(f"{word} 会員1").click()
    office.link("会員種別履歴").click()
    office.see("正会員", "名誉会員", "変更予定")
    office.shot("117-history-of-categories")


@pytest.mark.rule("M12")
@pytest.mark.rule("S8")
def test_a_member_changes_their_address_on_a_phone(here: Here) -> None:
    old, new = (f"{word}-{here.installation.name}@moves.example" for word in ("old", "new"))
    add_member(here.office(), "引越 する子", email=old)
    window = here.visitor(PHONE)
    window.go(password_link(here.installation, window, old))
    set_password(window)
    expect(window.page).to_have_url(f"{window.url}/members/my/")
    window.go("/members/my/profile")
    window.link("メールアドレスの変更").click()
    window.page.fill("input[name=email]", new)
    window.page.fill("input[name=password]", CHOSEN)
    window.page.keyboard.press("Enter")
    window.see(new, "確認をお願いします")
    window.shot("108-confirm-the-new-address")
    wait_for(lambda: here.installation.letters_to(new), f"letter to {new}")
    (link,) = [link for link in here.installation.letters_to(new)[0].links if LINK in link]

    stranger = here.visitor()
    stranger.go(link)
    stranger.see("変更前のメールアドレスでログイン")
    stranger.shot("109-log-in-with-the-old-address")
    window.go(link).see(old, new)
    window.shot("110-confirm")
    window.button("確定する").click()
    expect(window.page).to_have_url(f"{window.url}/members/my/")
    wait_for(lambda: _warned(here, old), f"the warning to {old}")
    log_in(here.visitor(), new, CHOSEN)


def _warned(here: Here, old: str) -> bool:
    return any("変更されました" in letter.subject for letter in here.installation.letters_to(old))


@pytest.mark.rule("M13+")
@pytest.mark.rule("N1")
def test_a_member_asks_for_another_name_and_the_office_accepts(here: Here) -> None:
    email, office = f"renamed-{here.installation.name}@moves.example", here.office()
    add_member(office, "旧姓 花子", email=email, kana="キュウセイ ハナコ")
    window = here.visitor(PHONE)
    window.go(password_link(here.installation, window, email))
    set_password(window)
    expect(window.page).to_have_url(f"{window.url}/members/my/")
    window.page.locator("button.person").click()
    window.page.locator("#person-menu").get_by_role("link", name="届出").click()
    expect(window.page).to_have_url(f"{window.url}/members/my/requests")
    window.shot("111-no-requests-yet")
    window.link("氏名変更").click()
    window.page.fill("input[name=name]", "新姓 花子")
    window.page.fill("input[name=kana]", "シンセイ ハナコ")
    window.page.fill("textarea[name=reason]", "結婚のため")
    window.shot("112-another-name")
    window.button("送信").click()
    window.see("新姓 花子", "事務局で確認中")
    window.shot("113-waiting")

    office.go("/members/console/requests").see("旧姓 花子", "氏名変更")
    office.shot("114-requests")
    office.link("旧姓 花子").click()
    office.see("新姓 花子", "結婚のため")
    office.shot("115-one-request")
    office.button("受理して反映する").click()
    office.see("確認待ちの届出はありません")
    wait_for(lambda: any("届出" in one.subject for one in here.installation.letters_to(email)), "the decision")
    window.go("/members/my/requests").see("受理")
    window.go("/members/my/profile").see("新姓 花子", "シンセイ ハナコ")
