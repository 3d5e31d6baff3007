"""Chapter 9, later: the society asks for more than a name; an applicant answers, and need not type an address."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE, Window
from tests.journeys.installations import ON_THE_STACK
from tests.journeys.people import Here, password_link, set_password
from tests.journeys.test_9_applications import FORM, ask
from tests.journeys.test_9_standings import LIST

pytestmark = ON_THE_STACK

FIELDS = "/members/console/custom-fields"
TOWN, SHARED = "東京都千代田区霞が関", "三重県桑名郡木曽岬町"


def define(office: Window) -> None:
    """Two fields with one click each, and one of the society's own with choices."""
    office.go(FIELDS)
    office.shot("190-custom-fields-none-yet")
    for label in ("生年月日", "専門分野"):
        office.button(label).click()
        expect(office.main.locator("tbody")).to_contain_text(label)
    office.link("項目を追加").click()
    for name, text in (("label", "参加分科会"), ("label_en", "Section"), ("key", "section")):
        office.page.fill(f"input[name={name}]", text)
    office.page.select_option("select[name=type]", "choices")
    for place, (label, label_en) in enumerate((("理論", "Theory"), ("実験", "Experiment"))):
        office.page.locator("input[name=choice_label]").nth(place).fill(label)
        office.page.locator("input[name=choice_label_en]").nth(place).fill(label_en)
    office.page.check("input[name=in_application]")
    office.page.check("input[name=for_member][value=edited]")
    office.shot("191-a-field-with-choices")
    office.button("追加").click()
    office.see("参加分科会", "理論、実験")
    office.shot("192-custom-fields")
    office.go(f"{FIELDS}?lang=en").see("Date of birth", "Theory, Experiment")
    office.shot("193-custom-fields-in-english")
    office.go(f"{FIELDS}?lang=ja")


def look_up(window: Window, postcode: str) -> None:
    window.page.fill("input[name=postcode]", postcode)
    window.button("住所を自動入力").click()


@pytest.mark.rule("M2")
@pytest.mark.rule("M9")
@pytest.mark.rule("M13")
@pytest.mark.rule("W1")
def test_a_society_asks_for_more_and_finds_by_it(here: Here) -> None:
    office, email, name = here.office(), f"asked-{here.installation.name}@fields.example", "独自 項目"
    define(office)
    phone = here.visitor(PHONE)
    phone.go(ask(here, phone, email))
    phone.page.select_option("select[name=category]", "regular")
    phone.page.fill("input[name=name]", name)
    phone.page.fill("input[name=kana]", "どくじ こうもく")
    address = phone.page.locator("input[name=address]")
    look_up(phone, "4980000")
    phone.see("複数の町域があります")
    phone.shot("194-several-towns")
    phone.page.select_option("select[name=town]", SHARED)
    expect(address).to_have_value(SHARED)
    look_up(phone, "１００－００１３")
    expect(address).to_have_value(TOWN)
    expect(phone.page.locator("input[name=postcode]")).to_have_value("100-0013")
    expect(phone.page.locator("input[name=name]")).to_have_value(name)
    address.fill(f"{TOWN}1-1")
    phone.page.fill("input[name='custom.birth_date']", "1980-04-01")
    phone.page.fill("input[name='custom.specialty']", "有機化学")
    phone.page.check("input[name='custom.section'][value=c2]")
    assert not phone.scrolls_sideways()
    phone.shot("195-application-with-custom-fields")
    phone.page.locator("input[name=name]").press("Enter")  # the form goes on: it does not look the address up again
    phone.see("ドクジ コウモク", "1980年4月1日", "有機化学", "実験")
    phone.shot("196-please-check-custom-fields")
    phone.page.click("button[value=send]")
    expect(phone.page).to_have_url(re.compile(r"/members/apply/.+/done$"))

    office.go(LIST)
    office.page.get_by_text("詳細条件").click()
    office.page.check("input[name=custom][value='section:c2']")
    office.page.fill("input[name='custom>=birth_date']", "1980-01-01")
    office.shot("197-searched-by-custom-fields")
    office.button("表示").click()
    office.see(name, "参加分科会：実験", "生年月日（から）：1980/01/01")
    office.see_not(FORM["name"])
    office.link(name).click()
    office.see("有機化学", "1980年4月1日")
    office.shot("198-member-with-custom-fields")

    phone.go(password_link(here.installation, phone, email))
    set_password(phone)
    expect(phone.page).to_have_url(f"{phone.url}/members/my/")
    phone.go("/members/my/profile").see("有機化学", "1980年4月1日")
    phone.link("編集").click()
    expect(phone.page.locator("input[name='custom.birth_date']")).to_have_count(0)
    phone.page.check("input[name='custom.section'][value=c1]")
    phone.shot("199-my-custom-fields")
    phone.button("保存").click()
    phone.see("理論、実験")

    office.go(FIELDS).link("専門分野").click()
    office.button("使用停止").click()
    expect(office.main.locator("tbody tr", has_text="専門分野")).to_contain_text("使用停止")
    for label in ("参加分科会", "生年月日"):
        office.go(FIELDS).link(label).click()
        office.see("1 名がこの項目に値を持っています")
        if label == "参加分科会":
            office.shot("200-remove-a-field-with-its-values")
        office.button("項目と 1 名分の値を削除").click()
        office.told("項目を削除しました")
    office.see_not("参加分科会")
