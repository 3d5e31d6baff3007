"""Chapter 9, later: a second step makes a login safe; where one is logged in can be seen, and ended."""

from __future__ import annotations

import re

import pyotp
import pytest
from playwright.sync_api import expect

from shared import clock
from tests.journeys.browser import PHONE
from tests.journeys.installations import ON_THE_STACK
from tests.journeys.people import CHOSEN, Here, log_in, password_link, set_password
from tests.journeys.test_9_standings import add_member

pytestmark = ON_THE_STACK

SAFETY = "/members/my/security"


@pytest.mark.rule("W3")
@pytest.mark.rule("S10")
@pytest.mark.rule("S9")
def test_a_member_makes_the_login_safe_on_a_phone(here: Here) -> None:
    address = f"safe-{here.installation.name}@moves.example"
    office = here.office()
    page = add_member(office, "安全 第一", email=address)
    window = here.visitor(PHONE)
    window.go(password_link(here.installation, window, address))
    set_password(window)
    expect(window.page).to_have_url(f"{window.url}/members/my/")
    window.go(SAFETY).see("2段階認証", "ログイン中の端末")
    window.shot("120-safety-of-the-login")
    window.page.fill("input[name=password]", CHOSEN)
    window.button("設定する").click()
    window.see("QRコードを読み取ります")
    key = window.main.locator("code").inner_text().replace(" ", "")
    window.shot("121-set-up-the-app")
    app = pyotp.TOTP(key)
    window.page.fill("input[name=code]", app.at(clock.outside()))
    window.button("有効にする").click()
    window.see("予備コードを安全な場所に保管")
    window.shot("122-spare-codes")
    spare = window.main.locator("code").first.inner_text()

    other = here.visitor()
    log_in(other, address, CHOSEN)
    expect(other.page).to_have_url(re.compile("/members/login/code"))
    with other.refused_with(422):
        other.page.fill("input[name=code]", "000000")
        other.page.keyboard.press("Enter")
        other.see("コードが正しくないか")
    other.shot("123-wrong-code")
    other.page.fill("input[name=code]", spare)
    other.page.keyboard.press("Enter")
    expect(other.page).to_have_url(f"{other.url}/members/my/")
    other.go(f"{SAFETY}?lang=en").see("Two-step login", "this device", "9 spare codes are left")
    other.shot("124-safety-in-english")
    other.go(f"{SAFETY}?lang=ja").button("他の端末からすべてログアウト").click()
    expect(other.page.locator("[data-notice]")).to_contain_text("他の端末からすべてログアウトしました")
    window.go("/members/my/")
    expect(window.page).to_have_url(re.compile("/members/login"))

    office.go(page).see("2段階認証を解除する")
    office.shot("125-the-office-can-help")
    office.go("/members/console/staff").see("2段階認証")
    office.shot("126-staff")
