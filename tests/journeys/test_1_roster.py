"""Chapter 1: the secretariat imports the roster that it has."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.browser import DESKTOP, PHONE, Window
from tests.journeys.people import Here
from tests.journeys.rosters import FAULTY, IN_CP932, NOT_YET, RARE_NAMES, cp932, xlsx


@pytest.mark.rule("M10")
def test_faults_are_told_by_row_and_column_and_nothing_is_imported(here: Here) -> None:
    office = here.office()
    upload(office, "faulty.xlsx", xlsx(FAULTY))
    expect(office.main.get_by_role("alert")).to_be_visible()
    rows = [
        tuple(cell.strip() for cell in row.locator("td").all_inner_texts())
        for row in office.main.locator("table tbody tr").all()
    ]
    told = {(row, column) for row, column, _why in rows}
    assert {("2", "入会日"), ("3", "氏名"), ("4", "会員種別"), ("5", "会員番号"), ("5", "メールアドレス")} <= told, rows
    assert all(why for _row, _column, why in rows)
    office.shot("10-roster-with-faults")
    assert office.button("取り込む").count() == 0
    office.go("/members/console/members?q=J02")
    for number, *_ in FAULTY:
        office.see_not(number)


@pytest.mark.rule("M10")
def test_rare_names_survive_and_unknown_columns_are_kept(here: Here) -> None:
    office = here.office()
    upload(office, "roster.xlsx", xlsx(RARE_NAMES))
    if office.main.locator("form[action$='/confirm'] button").count():
        office.shot("11-roster-dry-run")
        dry_run = office.page.url
        office.go("/members/console/members?q=J00").see_not("髙橋 﨑子")  # only checked so far
        office.go(dry_run)
        office.main.locator("form[action$='/confirm'] button").click()
        expect(office.link("会員一覧へ")).to_be_visible()
        office.shot("12-roster-imported")
    office.go("/members/console/members?q=J00")
    for row in RARE_NAMES:
        office.see(row[0], row[1], row[2], row[4])
    office.shot("13-members-found")
    office.link("𠮷野家 葛󠄀城").click()
    office.see("𠮷野家 葛󠄀城", "学生会員")
    office.go("/members/console/members?q=J003").link("濵﨑 德").click()
    office.see("㈱①研究所", "研究分野", "言語学")
    office.shot("14-member")


@pytest.mark.rule("M10")
def test_a_file_in_cp932_is_read(here: Here) -> None:
    office = here.office()
    import_roster(office, "meibo.csv", cp932(IN_CP932))
    office.go("/members/console/members?q=J011")
    office.see("髙﨑 隆", "～大学", "2024/04/01")


@pytest.mark.rule("M10")
def test_the_same_file_again_changes_nothing(here: Here) -> None:
    office = here.office()
    import_roster(office, "roster.xlsx", xlsx(RARE_NAMES))
    upload(office, "roster.xlsx", xlsx(RARE_NAMES))
    assert [tile.inner_text() for tile in office.main.locator(".tile-value").all()] == ["3", "0", "0", "3", "0"]
    assert office.main.locator("form[action$='/confirm']").count() == 0
    office.shot("15-same-roster-again")


@pytest.mark.rule("M10")
def test_what_a_roster_changes_is_seen_before_it_is_imported(here: Here) -> None:
    office = here.office()
    import_roster(office, "meibo.csv", cp932(IN_CP932))
    moved = [tuple(cell.replace("～大学", "集い大学").replace("地理学", "") for cell in row) for row in IN_CP932]
    upload(office, "moved.xlsx", xlsx([*moved, NOT_YET]), mode="更新のみ")
    expect(office.main.get_by_role("alert")).to_be_visible()
    office.see("更新専用")
    upload(office, "moved.xlsx", xlsx([*moved, NOT_YET]))
    office.see("所属（1）", "研究分野（1）")
    office.shot("16-what-a-roster-changes")
    office.link("変更内容を確認").click()
    office.see("～大学 → 集い大学", "空欄になります", NOT_YET[1])
    office.shot("17-before-and-after")
    office.page.select_option("#f-action", "changed")
    office.button("表示").click()
    office.see("～大学 → 集い大学")
    office.see_not(NOT_YET[1])
    assert "集い大学" in office.download(office.link("CSV")).decode("utf-8-sig")
    office.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert not office.scrolls_sideways()
    office.shot("18-before-and-after-on-a-phone")
    office.page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})


def upload(office: Window, name: str, content: bytes, *, mode: str = "新規・更新の混在") -> None:
    """Up to the result of the dry run."""
    office.go("/members/console/import")
    office.page.get_by_label(mode).check()
    office.page.set_input_files("input[type=file]", {"name": name, "mimeType": "", "buffer": content})
    office.button("内容を確認").click()
    expect(office.page.locator("h1")).to_have_text(name)
    expect(office.main.locator(".tile").first).to_be_visible()
    expect(office.main.locator("[data-job]")).to_have_count(0)


def import_roster(office: Window, name: str, content: bytes) -> None:
    """Up to the end; a file that changes nothing has none to confirm."""
    upload(office, name, content)
    confirm = office.main.locator("form[action$='/confirm'] button")
    if confirm.count():
        confirm.click()
        expect(office.main.locator(".stepper li.step-past")).to_have_count(3)
        expect(office.main).to_contain_text(re.compile("追加"))
