"""Chapter 9, later: somebody is registered a second time; the office notices, compares, and makes one record of two."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE
from tests.journeys.installations import ON_THE_STACK
from tests.journeys.people import Here, password_link, set_password
from tests.journeys.test_9_standings import add_member

pytestmark = ON_THE_STACK

LIST = "/members/console/duplicates"


@pytest.mark.rule("M18")
def test_somebody_with_two_records_has_one_in_the_end(here: Here) -> None:
    office, name = here.office(), here.installation.name
    old, new = (f"{which}-{name}@twice.example" for which in ("old", "new"))
    both = {"kana": "ニジュウ ハナコ", "affiliation": "重複大学"}
    gone = add_member(office, "二重 花子", email=old, phone="03-9876-5432", **both)
    kept = add_member(office, "二重花子", email=new, number="D-0001", **both)
    office.see("同姓同名の会員がすでに登録されています")
    office.shot("190-namesake")
    third = add_member(office, "二重 花子", kana="ニジュウ ハナコ")

    office.go(LIST)
    office.button("今すぐ探す").click()
    office.see("重複候補があります")
    office.link("一覧を表示").click()
    office.see("同じ氏名", "同じフリガナ", "同じ所属")
    office.shot("191-duplicates")

    other = third.rsplit("/", 1)[-1]
    office.go(f"{LIST}/{kept.rsplit('/', 1)[-1]}/{other}")
    office.button("別人として記録").click()
    expect(office.page).to_have_url(re.compile(f"{LIST}$"))
    office.told("別人として記録しました")
    office.go(f"{LIST}?state=different").see("別人として記録した組です", "二重花子")
    office.shot("192-told-apart")

    pair = f"{LIST}/{kept.rsplit('/', 1)[-1]}/{gone.rsplit('/', 1)[-1]}"
    office.go(pair).see("残す値", old, new, "03-9876-5432", "引き継がれるもの")
    office.page.check("input[name=name][value=gone]")
    office.shot("193-side-by-side")
    office.go(f"{pair}?lang=en").see("What stays", "What goes over")
    office.shot("194-side-by-side-in-english")
    office.go(f"{pair}?lang=ja")
    office.page.check("input[name=name][value=gone]")
    office.button("統合する").click()
    expect(office.page).to_have_url(re.compile(f"{kept}$"))
    office.see("03-9876-5432", new, "D-0001", "統合した会員情報 (1)")
    office.shot("195-one-record")
    office.link(re.compile("統合した会員情報")).click()
    office.see("二重 花子", "閲覧だけができます")
    office.shot("196-merged-records")
    office.go(gone).see("統合した会員情報 (1)")
    expect(office.page).to_have_url(re.compile(f"{kept}$"))
    office.go(f"/members/console/members?q={old}").see_not("二重")

    phone = here.visitor(PHONE)
    phone.go(password_link(here.installation, phone, new))
    set_password(phone)
    expect(phone.page).to_have_url(f"{phone.url}/members/my/")
    phone.go("/members/my/profile").see("二重 花子")
    assert not phone.scrolls_sideways()
    phone.shot("197-my-profile")
