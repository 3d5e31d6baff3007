"""The annual billing run 請求作成, as the secretariat makes it: conditions → preview → creation → confirmation."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from playwright.sync_api import Locator, expect

from shared import clock
from shared.japan.calendar import fiscal_year_of
from tests.journeys.browser import Window, yen
from tests.journeys.installations import wait_for
from tests.journeys.people import MEMBER, STUDENT, Here

FEES = {"正会員": 10_000, "学生会員": 3_000, "名誉会員": 0}
GONE = ("退会", "除名", "申請取下", "申請中")


@dataclass(frozen=True)
class Numbers:
    """What a preview says, or ought to say."""

    invoices: int
    total: int
    people: int
    by_category: dict[str, tuple[int, int]]  # name: members, sum

    @property
    def left_out(self) -> int:
        return self.people - self.invoices


NOTHING = Numbers(0, 0, 0, {})


@dataclass(frozen=True)
class Member:
    """Somebody of the roster."""

    number: str
    name: str
    kana: str
    email: str


@dataclass
class DuesRun:
    """What was seen while the run was made, for the chapter that judges it."""

    name: str
    year: int
    due_on: date
    path: str = ""
    expected_of_narrow: Numbers = NOTHING  # honorary members and those who leave this year left out
    narrow: Numbers = NOTHING
    expected: Numbers = NOTHING
    preview: Numbers = NOTHING
    created: Numbers = NOTHING
    seen_before_confirmation: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    left_out_for: dict[str, int] = field(default_factory=dict)
    roster: list[dict[str, str]] = field(default_factory=list)

    def regular(self, place: int) -> Member:
        """One of the regular members who were asked for ¥10,000; each test takes its own."""
        fitting = [
            row
            for row in self.roster
            if (row["会員種別"], row["会員状況"], row["言語"]) == ("正会員", "在会", "ja")
            and re.fullmatch(r"m\d{4}@demo\.example", row["メールアドレス"])
        ]
        row = fitting[place]
        return Member(row["会員番号"], row["氏名"], row["氏名カナ"], row["メールアドレス"])


def bill_the_dues(here: Here) -> DuesRun:
    office, today = here.office(), clock.today()
    roster = read_roster(office)
    year = fiscal_year_of(today)
    last_leaving = max(row["退会予定日"] for row in roster if row["退会予定日"]).replace("/", "-")
    run = DuesRun(f"{year}年度年会費", year, today + timedelta(days=40))
    run.roster = roster
    run.expected = expected_numbers(roster, last_leaving[:7])
    run.expected_of_narrow = expected_numbers(roster, _month_after(last_leaving), "名誉会員")

    _give_conditions(office, run, _month_after(last_leaving))
    wait_for(lambda: _has_everybody(office, len(roster)), "everybody of the roster in the preview")
    run.narrow, run.left_out_for = read_preview(office), reasons(office)
    office.shot("20-run-preview-narrow")
    office.link("条件を変更").click()
    office.page.uncheck("input[name=excluded_categories][value=honorary]")
    office.page.fill("input[name=charge_start]", last_leaving[:7])
    office.button("確認画面へ").click()
    expect(office.page.locator("input[name=charge_start]")).to_have_count(0)
    run.preview = read_preview(office)
    office.shot("21-run-preview")
    run.path = office.path

    office.button(re.compile("件の請求を作成する")).click()
    run.states.append(_state(office))
    confirm = office.button(re.compile("を確定する"))
    expect(confirm).to_be_visible()  # the page goes on by itself: nobody reloads it
    run.created = Numbers(*_run_tiles(office), {})
    run.states.append(_state(office))
    office.shot("23-run-to-be-confirmed")
    run.seen_before_confirmation = [what for who in (MEMBER, STUDENT) for what in _seen_by(here.person(who), run)]
    run.seen_before_confirmation += [letter.subject for letter in here.installation.letters_to(MEMBER)]

    confirm.click()
    expect(office.main.locator(".page-header .badge")).to_have_text("確定", timeout=60_000)
    run.states.append(_state(office))
    office.shot("24-run-confirmed")
    for words in ("m000", "m001", "m002"):
        here.invite(words)
    office.shot("24-login-invitations")
    return run


def read_roster(office: Window) -> list[dict[str, str]]:
    """The members as the secretariat takes them out, as CSV."""
    office.go("/members/console/members")
    content = office.download(office.link("CSV"))
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def expected_numbers(roster: list[dict[str, str]], charge_start: str, left_out: str = "") -> Numbers:
    """Who is asked for how much by the rules B3 and B4, reckoned by hand."""
    asked = [
        row["会員種別"]
        for row in roster
        if row["会員状況"] not in (*GONE, "休会")
        and row["会員種別"] != left_out
        and not (row["退会予定日"] and row["退会予定日"].replace("/", "-") < f"{charge_start}-01")
    ]
    counts = Counter(asked)
    by_category = {name: (count, count * FEES[name]) for name, count in counts.items()}
    return Numbers(len(asked), sum(total for _, total in by_category.values()), len(roster), by_category)


def read_preview(office: Window) -> Numbers:
    tiles = office.main.locator(".tile .tile-value")
    expect(tiles).to_have_count(3)  # the page may still be on its way
    invoices, total, left_out = (yen(tile.inner_text()) for tile in tiles.all())
    rows = office.main.locator("section.card", has=office.page.locator("h2", has_text="会員種別ごと")).locator(
        "tbody tr"
    )
    by_category = {}
    for row in rows.all():
        name, _fee, members, sum_ = (cell.strip() for cell in row.locator("th, td").all_inner_texts())
        by_category[name.split()[0]] = (yen(members), yen(sum_))
    return Numbers(invoices, total, invoices + left_out, by_category)


def _give_conditions(office: Window, run: DuesRun, charge_start: str) -> None:
    office.go("/billing/console/runs/new")
    page = office.page
    page.fill("input[name=name]", run.name)
    page.fill("input[name=name_en]", f"Annual dues {run.year}")
    page.select_option("select[name=fiscal_year]", str(run.year))
    page.fill("input[name=charge_start]", charge_start)
    page.fill("input[name=due_on]", run.due_on.isoformat())
    page.check("input[name=excluded_categories][value=honorary]")
    office.shot("20-run-conditions")
    office.button("確認画面へ").click()
    expect(page.locator("h1")).to_have_text(run.name)


def _has_everybody(office: Window, people: int) -> bool:
    """Billing hears of people by message: in a moment, not at once."""
    if read_preview(office).people == people:
        return True
    office.page.reload()
    return False


def reasons(office: Window) -> dict[str, int]:
    """Why how many are left out, as the preview says."""
    return {row.locator("th").inner_text(): yen(row.locator("td").inner_text()) for row in _rows(office, "対象外")}


def _rows(office: Window, title: str) -> list[Locator]:
    """The rows of the table in the card of this title."""
    card = office.main.locator("section.card", has=office.page.locator("h2", has_text=title))
    return card.locator("tbody tr").all()


def _run_tiles(office: Window) -> tuple[int, int, int]:
    """(invoices with those that need no payment, sum, everybody)"""
    tiles = office.main.locator(".tile")
    invoiced, nothing_due, left_out = (yen(tile.locator(".tile-value").inner_text()) for tile in tiles.all())
    total = yen(tiles.first.locator(".tile-note").inner_text())
    return invoiced + nothing_due, total, invoiced + nothing_due + left_out


def _seen_by(member: Window, run: DuesRun) -> list[str]:
    """Whatever of the run shows on a member's pages."""
    found = []
    for path in ("/members/my/", "/billing/my/invoices"):
        member.go(path)
        expect(member.page.locator("[data-fragment][aria-busy=true]")).to_have_count(0)
        found += [path for text in (run.name, "支払う") if text in member.main.inner_text()]
    return found


def _month_after(day: str) -> str:
    first = date.fromisoformat(day.replace("/", "-")).replace(day=1)
    return f"{(first + timedelta(days=32)):%Y-%m}"


def _state(office: Window) -> str:
    return office.main.locator(".page-header .badge").inner_text().strip()
