"""Chapter 9, later: the society's website is to know its members 外部連携. An administrator registers it; its makers
read the description of the API and run the examples of the handbook."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import expect

from tests.journeys.browser import PHONE
from tests.journeys.installations import ON_THE_STACK
from tests.journeys.people import Here

pytestmark = ON_THE_STACK

HANDBOOK = Path(__file__).parents[2] / "docs" / "integrators" / "README.md"
INTEGRATIONS = "/members/console/integrations"


@pytest.mark.rule("W4")
def test_a_program_gets_a_key_and_the_examples_of_the_handbook_run(here: Here) -> None:
    office = here.office().go("/members/console/staff")
    office.page.locator("#side").get_by_role("link", name="外部連携").click()
    office.see("連携しているプログラムはありません")
    office.link("外部連携を登録").click()
    office.page.fill("[name=name]", "学会ウェブサイト")
    for box in ("会員担当", "会員：参照", "会員：変更", "請求：参照"):
        office.page.get_by_label(box, exact=True).check()
    office.shot("260-register-an-integration")
    office.button("登録してキーを表示").click()
    office.see("キーが表示されるのは今回だけです")
    office.shot("261-key-of-an-integration")
    id, key = office.main.locator("dl code").all_inner_texts()
    office.link("控えました").click()
    office.see(f"…{key[-4:]}", "未使用")

    given: dict[str, Any] = {"BASE": here.installation.url, "ID": id, "KEY": key}
    examples = re.findall(r"```python\n(.*?)```", HANDBOOK.read_text(), re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        exec(compile(example, str(HANDBOOK), "exec"), given)
    assert {"山田 太郎"} <= {each["name"] for each in (*given["members"], given["new"].json())}

    office.go(INTEGRATIONS)
    office.see("学会ウェブサイト", "利用中", "会員：変更")
    office.see_not("未使用")
    office.shot("262-integrations")
    office.go("/members/console/audit?action=add-member")
    office.see("学会ウェブサイト")

    office.go(f"{INTEGRATIONS}/{id}")
    office.button("この外部連携を停止").click()
    office.see("停止中")
    session: requests.Session = given["session"]
    assert session.get(f"{here.installation.url}/members/api/members", timeout=30).status_code == 401


@pytest.mark.rule("W4")
def test_whoever_builds_a_program_reads_what_the_api_does(here: Here) -> None:
    maker = here.visitor()
    maker.page.goto(f"{here.installation.url}/docs")
    expect(maker.page.locator("#api .opblock").first).to_be_visible()
    maker.shot("263-description-of-the-api")
    maker.page.get_by_role("navigation").get_by_role("link", name="請求").click()
    expect(maker.page.locator("#api .info .title")).to_contain_text("Tsudoi billing")
    phone = here.visitor(PHONE)
    phone.go("/members/docs/events?lang=en")
    expect(phone.page.get_by_role("heading", name="Description of the API")).to_be_visible()
    expect(phone.page.locator("#api .opblock").first).to_be_visible()
    phone.shot("264-description-of-the-api-on-a-phone")
    assert not phone.scrolls_sideways()
