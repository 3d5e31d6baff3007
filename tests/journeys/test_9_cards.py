"""Chapter 9, later: a member shows the card on a phone, a stranger checks it, and the office has the last word."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import DESKTOP, PHONE, Window
from tests.journeys.installations import ON_THE_STACK
from tests.journeys.pdfs import pages_of, squeezed, text_of
from tests.journeys.people import Here, password_link, set_password
from tests.journeys.test_9_standings import add_member

pytestmark = ON_THE_STACK

CARD = "/members/my/card"
NAME, ROMAN = "髙橋 𠮷子﨑", "Yoshiko TAKAHASHI"


def code_behind(office: Window, member: str) -> str:
    """A new code of the card, and the address that its QR holds."""
    token = office.page.locator("body").get_attribute("hx-headers") or ""
    found = re.search(r'"X-CSRFToken": "([^"]+)"', token)
    assert found
    answer = office.context.request.post(
        f"{office.url}/members/api{member.removeprefix('/members/console')}/card", headers={"X-CSRFToken": found[1]}
    )
    assert answer.status == 201, answer.text()
    return str(answer.json()["address"])


@pytest.mark.rule("M17+")
@pytest.mark.rule("W2")
def test_a_card_is_shown_checked_renewed_and_ends_with_the_membership(here: Here) -> None:
    email, office = f"card-{here.installation.name}@moves.example", here.office()
    fields = {"kana": "タカハシ ヨシコ", "roman": ROMAN, "joined_on": "2015-04-01", "email": email}
    page = add_member(office, NAME, **fields)
    address = code_behind(office, page)

    window = here.visitor(PHONE)
    window.go(password_link(here.installation, window, email))
    set_password(window)
    expect(window.page).to_have_url(f"{window.url}/members/my/")
    window.link("会員証").click()
    window.see(NAME, "正会員", "有効期限")
    expect(window.main.locator(".member-card-qr svg")).to_be_visible()
    assert not window.scrolls_sideways()
    window.shot("220-card")
    printed = window.download(window.link("会員証をPDFで保存"))
    assert squeezed(NAME) in text_of(printed)
    window.go(f"{CARD}?theme=dark")
    window.shot("221-card-in-the-dark")
    window.go(f"{CARD}?theme=auto&lang=en").see(ROMAN, "Valid until")
    window.shot("222-card-in-english")
    window.go(f"{CARD}?lang=ja")
    window.page.emulate_media(media="print")
    window.shot("223-card-on-paper")
    on_paper = window.page.pdf(prefer_css_page_size=True, print_background=True)
    assert pages_of(on_paper) == pytest.approx((1, 85.6, 54), abs=0.3) and squeezed(NAME) in text_of(on_paper)
    window.page.emulate_media(media="screen")

    stranger = here.visitor(PHONE)
    stranger.go(address).see("本日現在", NAME, "正会員", "日本時間")
    stranger.see_not("タカハシ", ROMAN, email, "2015")
    stranger.shot("224-checked-by-a-stranger")
    stranger.go(f"{address}&lang=en").see("is a member of", ROMAN)
    stranger.shot("225-checked-in-english")
    stranger.go(f"{address}&lang=ja")

    window.main.locator("summary").click()
    window.button("新しいコードを発行する").click()
    window.see("会員証")
    with stranger.refused_with(404):
        stranger.go(address).see("このコードは現在有効ではありません")
    stranger.see_not(NAME)
    stranger.shot("226-an-old-code")

    window.go(CARD)
    window.button("日本語で発行する").click()
    window.see("第")
    window.button("英語で発行する").click()
    expect(window.main.locator(".lines li")).to_have_count(2)
    window.shot("227-certificates")
    english = text_of(window.download(window.main.locator(".lines a").first))
    assert squeezed(ROMAN) in english and "Certificateofmembership" in english
    assert squeezed(f"{NAME} 様") in text_of(window.download(window.main.locator(".lines a").last))

    newest = code_behind(office, page)
    office.go(page)
    office.link("会員証・会員証明書").click()
    office.see("コードは有効です", "発行番号")
    office.shot("228-card-and-certificates-of-a-member")
    office.go(f"{page}/standings")
    office.page.select_option("select[name=standing]", "left")
    office.button("登録する").click()
    office.see("退会")
    stranger.go(newest).see("有効ではありません")
    stranger.see_not(NAME, "退会")
    stranger.shot("229-not-a-member-today")
    desk = here.visitor(DESKTOP)
    desk.go(newest).see("有効ではありません")
    office.go("/members/console/papers").see("会員証明書の発行台帳", NAME)
    office.shot("230-all-certificates")
