"""Chapter 9, later: the operator makes a society for a new customer, and closes one for a while. On a onebox of its
own: where there are two societies, everybody else would have to say at the login which one is theirs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import PHONE, Window
from tests.journeys.conftest import ARTEFACTS
from tests.journeys.installations import start_onebox
from tests.journeys.people import ADMINISTRATOR, CHOSEN, MEMBER, log_in

pytestmark = pytest.mark.xdist_group("journey-onebox")

OPERATOR = "operator@demo.example"
SOCIETIES = "/members/operator/societies"


@pytest.mark.rule("W3")
def test_an_operator_makes_a_society_and_closes_one_for_a_while(tmp_path: Path, browser: Browser) -> None:
    box = start_onebox(tmp_path / "home")
    opened: list[Window] = []

    def window(size: tuple[int, int] | None = None) -> Window:
        pictures = ARTEFACTS / "onebox"
        opened.append(
            Window.open(browser, box.url, pictures, size) if size else Window.open(browser, box.url, pictures)
        )
        return opened[-1]

    try:
        operator, member, office = window(), window(PHONE), window()
        log_in(office, ADMINISTRATOR)
        office.go("/members/console/permissions").see("権限一覧", "会計担当")
        office.shot("240-permissions")
        office.go("/members/console/permissions?lang=en").see("Which role may do what")
        office.go("/members/console/permissions?lang=ja")
        log_in(operator, OPERATOR)
        log_in(member, MEMBER)

        operator.go(SOCIETIES).see("学会一覧", "利用中")
        operator.link("学会を作成").click()
        for name, value in {"name": "北辰天文学会", "name_en": "Hokushin Society", "slug": "hokushin"}.items():
            operator.page.fill(f"[name={name}]", value)
        operator.page.locator("main form .form-actions button").click()
        operator.see("北辰天文学会", "管理者の登録待ち", "このURLは再表示できません")
        link = re.search(r"http://\S+/members/setup/\S+", operator.main.inner_text())
        assert link
        operator.shot("241-a-new-society-and-its-link")

        first = window()
        first.go(link[0]).see("北辰天文学会の最初の管理者")
        first.shot("242-first-administrator-of-it")
        for name, value in {"name": "星野 北斗", "email": "hoshino@hokushin.example"}.items():
            first.page.fill(f"[name={name}]", value)
        for name in ("password", "again"):
            first.page.fill(f"[name={name}]", CHOSEN)
        first.page.locator("main form .form-actions button").click()
        expect(first.page).to_have_url(f"{box.url}/members/console/import")
        operator.go(SOCIETIES).see_not("登録待ち", "星野")
        operator.shot("243-societies")

        operator.main.locator("tbody tr", has_text="利用中").filter(has_not_text="北辰").get_by_role("link").click()
        demo = operator.path
        operator.page.fill("[name=reason]", "利用料が未納のため")
        operator.button("利用を停止").click()
        operator.told("学会の利用を停止しました")
        operator.see("利用料が未納のため")
        operator.shot("244-suspended")
        with member.refused_with(403):
            member.go("/members/my/").see("停止されています")
            member.shot("245-suspended-on-a-phone")
        first.go("/members/console/staff").see("星野 北斗")
        operator.go(demo).page.fill("[name=reason]", "入金を確認")
        operator.button("利用を再開").click()
        operator.told("学会の利用を再開しました")
        member.go("/members/my/profile").see_not("停止されています")  # other services hear of it a moment later
        assert [trouble for each in opened for trouble in each.trouble] == []
    finally:
        for each in opened:
            each.context.close()
        box.end()
