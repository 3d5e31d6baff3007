"""Chapter 9, later: the office brings history records by file; the member sees what is public, and nothing else."""

from __future__ import annotations

import io

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.journeys.browser import PHONE, Window
from tests.journeys.installations import ON_THE_STACK
from tests.journeys.people import Here, password_link, set_password
from tests.journeys.test_9_standings import add_member

pytestmark = ON_THE_STACK

IMPORT = "/members/console/records/import"


def filled(template: bytes, *rows: dict[str, str]) -> bytes:
    """The template with rows written below its headers, as in Excel."""
    book = openpyxl.load_workbook(io.BytesIO(template))
    sheet = book.worksheets[0]
    columns = {cell.value: cell.column for cell in sheet[1]}
    for number, row in enumerate(rows, start=2):
        for title, text in row.items():
            sheet.cell(number, columns[title], text)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def upload(office: Window, name: str, content: bytes) -> None:
    """Up to the result of the dry run."""
    office.go(IMPORT)
    office.page.set_input_files("input[type=file]", {"name": name, "mimeType": "", "buffer": content})
    office.button("内容を確認").click()
    expect(office.page.locator("h1")).to_have_text(name)
    expect(office.main.locator(".tile").first).to_be_visible()
    expect(office.main.locator("[data-job]")).to_have_count(0)


@pytest.mark.rule("M16")
@pytest.mark.rule("W1")
def test_records_come_by_file_and_the_member_sees_the_public_ones(here: Here) -> None:
    email, office = f"history-{here.installation.name}@moves.example", here.office()
    page = add_member(office, "履歴 花子", email=email, kana="リレキ ハナコ", roman="Hanako Rireki")
    office.go("/members/console/records")
    office.shot("160-records-none-yet")
    office.go(IMPORT)
    office.shot("161-import-records")
    template = office.download(office.link("テンプレート（Excel）"))
    whose = {"メールアドレス": email, "開始日": "2026-09-12"}
    conference = {
        **whose,
        "履歴種別": "イベント参加",
        "公開設定": "1",
        "履歴名称": "第10回大会",
        "終了日": "2026-09-13",
    }
    conference |= {"履歴名称（英語）": "10th Annual Conference"}
    award = {
        **whose,
        "履歴種別": "受賞",
        "公開設定": "1",
        "履歴名称": "論文賞",
        "履歴名称（英語）": "Paper Award",
        "開始日": "2025-04-01",
    }
    secret = {
        **whose,
        "履歴種別": "役職",
        "公開設定": "0",
        "履歴名称": "選考委員",
        "備考（事務局用）": "氏名は公表しない",
    }

    wrong = filled(
        template, conference, {**award, "履歴種別": "表彰"}, {**secret, "開始日": "2026-02-30", "公開設定": "?"}
    )
    upload(office, "faulty.xlsx", wrong)
    told = [tuple(row.locator("td").all_inner_texts())[:2] for row in office.main.locator("tbody tr").all()]
    assert set(told) == {("3", "履歴種別"), ("4", "開始日"), ("4", "公開設定")}, told
    assert office.main.locator("form[action$='/confirm']").count() == 0
    office.shot("162-records-with-faults")

    upload(office, "records.xlsx", filled(template, conference, award, secret))
    office.shot("163-records-dry-run")
    office.button("この内容で取り込む").click()
    office.see("3 件を登録")
    office.shot("164-records-imported")
    office.link("履歴情報へ").click()
    office.see("第10回大会", "論文賞", "選考委員", "非公開")
    office.shot("165-records")
    office.go("/members/console/records/keeping").see("1年以内に削除される履歴")
    office.shot("166-time-of-keeping")
    office.go(page).see("選考委員", "論文賞")
    office.shot("167-member-with-records")
    office.link("すべての履歴・追加・編集").click()
    office.see("氏名は公表しない")
    office.shot("168-records-of-a-member")
    office.go("/members/console/records?lang=en").see("History records")
    office.shot("169-records-in-english")
    office.go(f"{IMPORT}")
    office.shot("170-import-in-english")
    office.go("/members/console/records/keeping")
    office.shot("171-keeping-in-english")
    office.go("/members/console/records?lang=ja")

    phone = here.visitor(PHONE)
    phone.go(password_link(here.installation, phone, email))
    set_password(phone)
    expect(phone.page).to_have_url(f"{phone.url}/members/my/")
    phone.page.locator("button.person").click()
    phone.page.locator("#person-menu").get_by_role("link", name="履歴").click()
    phone.see("2026年", "第10回大会", "2025年", "論文賞")
    phone.see_not("選考委員", "氏名は公表しない")
    assert not phone.scrolls_sideways()
    phone.shot("172-my-history")
    phone.go("/members/my/records?lang=en").see("10th Annual Conference", "Paper Award")
    phone.shot("173-my-history-in-english")
    phone.page.set_viewport_size({"width": 1280, "height": 860})
    phone.go("/members/my/records?lang=ja").see("論文賞")
    phone.shot("174-my-history-on-a-desktop")
