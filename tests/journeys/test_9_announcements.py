"""Chapter 9, later: the office tells its students something, with a file; they read it on the phone, others do not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import FilePayload, expect

from shared import clock
from tests.journeys.browser import PHONE
from tests.journeys.installations import wait_for
from tests.journeys.people import MEMBER, STUDENT, Here, log_in

LIST = "/members/console/announcements"
MINE = "/members/my/announcements"
NAME = "奨学金申請書（2027年度）.pdf"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
TEXT = """2027年度の若手奨学金の申請を受け付けます。

対象：学生会員
締切：2027年1月31日（必着）
詳細は https://example.org/scholarship をご覧ください。"""
TEXT_EN = """Applications for the 2027 scholarship are open to student members until 31 January 2027.
See https://example.org/scholarship for details."""


@pytest.mark.rule("M15")
@pytest.mark.rule("M15+")
@pytest.mark.rule("N1")
def test_students_are_told_with_a_file_and_nobody_else(here: Here) -> None:
    office = here.office()
    office.go(f"{LIST}/new")
    office.page.fill("input[name=title]", "若手奨学金の募集について")
    office.page.fill("textarea[name=body]", TEXT)
    office.page.fill("input[name=title_en]", "Scholarships for young researchers")
    office.page.fill("textarea[name=body_en]", TEXT_EN)
    office.page.fill("input[name=shown_from]", (clock.today() - timedelta(days=1)).isoformat())
    office.page.check("input[name=categories][value=student]")
    office.page.check("input[name=by_mail]")
    upload: FilePayload = {"name": "申請書.exe", "mimeType": "application/pdf", "buffer": PDF}
    office.page.set_input_files("input[name=file]", upload)
    with office.refused_with(422):
        office.button("保存").click()
        office.see("添付できない形式です")
    office.shot("140-not-such-a-file")
    office.page.set_input_files("input[name=file]", {**upload, "name": NAME})
    office.button("保存").click()
    office.see("掲載中", "学生会員", NAME, "Scholarships for young researchers")
    office.shot("141-announcement-as-members-see-it")

    student = here.visitor(PHONE)
    log_in(student, STUDENT)
    student.go("/members/my/").see("若手奨学金の募集について")
    student.shot("142-home-with-announcements")
    student.page.get_by_role("navigation").get_by_role("link", name="お知らせ").click()
    student.see("未読")
    student.shot("143-announcements-on-a-phone")
    student.link("若手奨学金の募集について").click()
    student.see("締切：2027年1月31日（必着）", NAME)
    expect(student.link("https://example.org/scholarship")).to_be_visible()
    student.shot("144-announcement-on-a-phone")
    assert not student.scrolls_sideways()
    file = student.main.locator(".files a")
    address = file.get_attribute("href")
    with student.page.expect_download() as waiting:
        file.click()
    assert waiting.value.suggested_filename == NAME and waiting.value.path().read_bytes() == PDF
    student.page.go_back()
    expect(student.main.locator(".news", has_text="若手奨学金")).not_to_contain_text("未読")
    student.go(f"{MINE}?lang=en").link("Scholarships for young researchers").click()
    student.see("until 31 January 2027")
    student.shot("145-announcement-in-english")
    student.go(f"{MINE}?lang=ja")
    wait_for(lambda: _told(here, STUDENT), "the mail to the student")

    other = here.person(MEMBER)
    other.go(MINE).see_not("若手奨学金")
    stranger = here.visitor()
    for window in (other, stranger):
        with window.refused_with(404):
            window.go(str(address))
            window.see("該当するデータが見つかりません")
    assert not _told(here, MEMBER)


@pytest.mark.rule("M15")
@pytest.mark.rule("W3")
def test_the_order_is_changed_by_keyboard(here: Here) -> None:
    office = here.office()
    for title in ("会費口座の変更", "年次大会の日程", "会員名簿の更新"):
        office.go(f"{LIST}/new")
        office.page.fill("input[name=title]", title)
        office.page.fill("input[name=shown_from]", clock.today().isoformat())
        office.page.keyboard.press("Enter")
        office.see(title, "掲載中")
    office.go(LIST)
    first = office.main.locator("tbody tr th").first
    expect(first).to_contain_text("会員名簿の更新")
    office.shot("146-announcements-in-the-offices-order")
    office.page.get_by_role("button", name="「会費口座の変更」を上へ").focus()
    for _ in range(2):
        with office.page.expect_navigation():
            office.page.keyboard.press("Enter")
    expect(first).to_contain_text("会費口座の変更")
    office.shot("147-moved-by-keyboard")
    office.go(f"{LIST}?lang=en").shot("148-in-english")
    office.link("会費口座の変更").click()
    office.shot("149-one-in-english")
    office.go(f"{LIST}?lang=ja")
    member = here.person(MEMBER).go(MINE)
    expect(member.main.locator(".news").first).to_contain_text("会費口座の変更")
    member.shot("150-announcements")


def _told(here: Here, email: str) -> bool:
    return any("若手奨学金" in letter.subject for letter in here.installation.letters_to(email))
