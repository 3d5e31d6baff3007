"""Chapter 9, later: a company is a member. The office keeps its contacts; with a corporate My Page they come in
themselves, correct their own names and get the company's letters."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE, Window
from tests.journeys.installations import ON_THE_STACK
from tests.journeys.people import CHOSEN, LINK, Here, link_of, set_password

pytestmark = ON_THE_STACK

LIST = "/members/console/members"
ALL = "/members/console/contacts"
COMPANY, RENAMED = "海星商事株式会社", "海星ホールディングス株式会社"
TARO, JIRO = "連絡 太郎", "経理 次郎"


def add_company(office: Window) -> str:
    """By hand; returns the address of its page."""
    office.go(f"{LIST}/new")
    office.page.select_option("select[name=kind]", "corporate")
    office.page.fill("input[name=name]", COMPANY)
    office.page.fill("input[name=kana]", "カイセイショウジ")
    office.page.select_option("select[name=category]", "regular")
    office.page.fill("input[name=joined_on]", "2020-04-01")
    office.page.fill("input[name=email]", "info@kaisei.example")
    office.shot("320-add-a-corporate-member")
    office.page.keyboard.press("Enter")
    office.see(COMPANY, "連絡者はまだ登録されていません")
    return office.path


def add_contact(office: Window, name: str, kana: str, **given: str) -> None:
    """On the page of a company's contacts."""
    for field, text in {"name": name, "kana": kana, **given}.items():
        if field == "duty":
            office.page.select_option("select[name=duty]", text)
        else:
            office.page.fill(f"input[name={field}]", text)
    office.button("追加").click()
    office.told(f"{name} さんを追加しました")


@pytest.mark.rule("M14")
@pytest.mark.rule("N1")
@pytest.mark.rule("W1")
def test_a_company_has_contacts_who_come_in_where_the_society_wants_it(here: Here) -> None:
    office = here.office()
    taro, jiro = (f"{who}-{here.installation.name}@kaisei.example" for who in ("taro", "jiro"))
    page = add_company(office)
    office.link("すべての連絡者・追加・編集").click()
    office.see("info@kaisei.example")
    office.shot("321-no-contacts-yet")
    add_contact(office, TARO, "レンラク タロウ", affiliation="総務部 部長", email=taro, duty="representative")
    add_contact(office, JIRO, "ケイリ ジロウ", affiliation="経理部", email=jiro, duty="billing", phone="03-1234-5678")
    office.see("代表者", "請求先", "主たる連絡者", "総務部 部長")
    office.shot("322-contacts-of-a-company")
    office.go(page).see(TARO, JIRO, f"メールの送付先：{taro}")
    office.shot("323-a-corporate-member")
    office.go(f"{LIST}?q=れんらく").see(COMPANY)
    office.go(page)
    office.link("すべての連絡者・追加・編集").click()
    office.link(TARO).click()
    office.see("法人マイページを利用していないため")
    contact = office.path
    office.shot("324-a-contact")
    office.link("法人マイページ").click()
    office.see("利用していません", COMPANY, TARO, JIRO)
    office.button("法人マイページを利用する").click()
    office.see("利用しています")
    office.shot("325-all-contacts")
    assert TARO.encode() in office.download(office.link("CSV"))
    office.go(f"{ALL}?lang=en").see("Contacts of corporate members", "Representative")
    office.shot("326-all-contacts-in-english")
    office.go(f"{contact}?lang=ja")
    office.button("法人マイページの案内を送る").click()
    expect(office.page.locator("[data-notice]")).to_contain_text(taro)

    phone = here.visitor(PHONE)
    phone.go(link_of(here.installation.letter(taro, LINK)))
    set_password(phone)
    expect(phone.page).to_have_url(f"{phone.url}/members/my/")
    phone.see(TARO, COMPANY)
    phone.shot("327-home-of-a-contact")
    phone.page.get_by_role("navigation").get_by_role("link", name="登録情報").click()
    phone.see(COMPANY, "在会", "総務部 部長", JIRO)
    assert not phone.scrolls_sideways()
    phone.shot("328-corporate-my-page")
    phone.link("編集").click()
    phone.page.fill("input[name=name]", "連絡 新太郎")
    phone.page.fill("input[name=kana]", "れんらく しんたろう")
    phone.shot("329-ones-own-name")
    phone.button("保存").click()
    phone.see("連絡 新太郎", "レンラク シンタロウ")
    phone.go("/members/my/profile?lang=en").see("Corporate member", "main contact")
    phone.shot("330-corporate-my-page-in-english")
    phone.go("/members/my/requests/new/name?lang=ja")
    phone.page.fill("input[name=name]", RENAMED)
    phone.button("送信").click()
    phone.see(RENAMED, "事務局で確認中")

    office.go("/members/console/requests")
    office.link(COMPANY).click()
    office.button("受理して反映する").click()
    office.see("確認待ちの届出はありません")
    here.installation.letter(taro, "届出", "株式会社 御中")

    office.go(ALL).button("利用をやめる").click()
    office.see("利用していません")
    refused = here.visitor()
    refused.go("/members/login")
    refused.page.fill("input[name=email]", taro)
    refused.page.fill("input[name=password]", CHOSEN)
    with refused.refused_with(403):
        refused.page.keyboard.press("Enter")
        refused.see("法人マイページを利用していません")
    refused.shot("331-no-corporate-my-page")
