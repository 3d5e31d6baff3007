"""Chapter 9, later: a member takes a copy of their data; after leaving, they are erased on request, everywhere."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest
from playwright.sync_api import expect

from shared.demo import PASSWORD
from tests.journeys.browser import PHONE
from tests.journeys.installations import ON_THE_STACK, wait_for
from tests.journeys.people import CHOSEN, Here, password_link, set_password
from tests.journeys.test_9_standings import add_member, today

pytestmark = ON_THE_STACK

ERASURE = "/members/console/erasure"


@pytest.mark.rule("S36")
@pytest.mark.rule("W1")
def test_a_member_takes_their_data_and_is_erased_on_request_in_all_services(here: Here) -> None:
    name, email = "消去 花子", f"erased-{here.installation.name}@moves.example"
    office = here.office()
    page = add_member(
        office, name, email=email, kana="ショウキョ ハナコ", roman="Hanako Shokyo", joined_on="2020-04-01"
    )

    phone = here.visitor(PHONE)
    phone.go(password_link(here.installation, phone, email))
    set_password(phone)
    expect(phone.page).to_have_url(f"{phone.url}/members/my/")
    phone.go("/members/my/profile").link("登録情報をダウンロード").click()
    phone.see("他の人の目に触れない場所に保管してください")
    assert not phone.scrolls_sideways()
    phone.shot("280-my-data-on-a-phone")
    with phone.refused_with(422):
        phone.page.fill("input[name=password]", "not my password")
        phone.button("ダウンロード（ZIP）").click()
        phone.see("現在のパスワードが正しくありません")
    phone.page.fill("input[name=password]", CHOSEN)
    with zipfile.ZipFile(io.BytesIO(phone.download(phone.button("ダウンロード（ZIP）")))) as pack:
        data = json.loads(pack.read("data.json"))
        assert name in pack.read("profile.csv").decode("utf-8-sig")
    assert {row["item"]: row["value"] for row in data["profile"]}["email"] == email

    office.go(f"{page}/erasure").see("会員または事務局スタッフのため消去できません")
    office.go(page).link(re.compile("会員状況履歴")).click()
    office.page.select_option("select[name=standing]", "left")
    office.page.fill("input[name=starts_on]", today().isoformat())
    office.button("登録する").click()
    office.go(page).link("個人情報の消去").click()
    office.see("に自動的に消去されます", "請求書・領収書とその宛名")
    office.shot("281-erasure-of-a-person")
    office.page.fill("textarea[name=reason]", "会費が未納のため")
    office.button("消去を保留する").click()
    office.told("消去を保留しました")
    office.see("保留中", "会費が未納のため")
    office.go(f"{ERASURE}?held=yes").see(name, "保留中")
    office.shot("282-who-is-held-back")
    office.go(f"{ERASURE}?held=yes&lang=en").see("Erasure of personal data", "3 years", name, "held back")
    office.shot("283-erasure-in-english")
    office.go(f"{page}/erasure?lang=ja")
    office.button("保留を解除する").click()
    office.told("保留を解除しました")
    office.see("に自動的に消去されます")

    letters, payers = f"/notifications/console/letters?q={email}", f"/payments/console/payments/new?q={name}"
    office.go(letters).see(email)
    office.go(payers).see(name)
    office.go(f"{page}/erasure")
    office.page.fill("input[name=password]", PASSWORD)
    office.button("今すぐ完全に消去する").click()
    office.told("個人情報を消去しました")
    office.go(page).see("この方の個人情報は消去済みです")
    office.see_not(name)
    office.shot("284-a-person-who-was-erased")
    phone.go("/members/my/")
    expect(phone.page).to_have_url(re.compile("/members/login"))
    wait_for(lambda: email not in office.go(letters).main.locator("table").inner_text(), "letters without the address")
    wait_for(
        lambda: office.go(payers).main.get_by_text("見つかりませんでした").is_visible(),
        "a payments service that forgot",
    )
