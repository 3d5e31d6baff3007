"""Chapter 2: the secretariat bills the year's dues, and every member learns what to pay."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.dues import DuesRun, reasons
from tests.journeys.people import ENGLISH_MEMBER, HONORARY, MEMBER, Here


@pytest.mark.rule("B2")
@pytest.mark.rule("B4")
def test_the_preview_counts_and_sums_by_category(here: Here, dues: DuesRun) -> None:
    assert dues.preview == dues.expected


@pytest.mark.rule("B3")
@pytest.mark.rule("B4")
def test_who_leaves_before_the_charge_start_month_or_has_an_excluded_category_is_left_out(
    here: Here, dues: DuesRun
) -> None:
    assert dues.narrow == dues.expected_of_narrow
    assert sum(dues.left_out_for.values()) == dues.narrow.left_out
    for reason in ("請求引当開始月より前に退会", "条件で除外した会員種別", "休会中"):
        assert dues.left_out_for[reason] > 0


@pytest.mark.rule("B3")
def test_a_zero_yen_category_is_counted_among_the_invoices(here: Here, dues: DuesRun) -> None:
    members, sum_ = dues.preview.by_category["名誉会員"]
    assert members > 0 and sum_ == 0


@pytest.mark.rule("B2")
def test_what_was_created_is_what_the_preview_said(here: Here, dues: DuesRun) -> None:
    assert (dues.created.invoices, dues.created.total, dues.created.people) == (
        dues.expected.invoices,
        dues.expected.total,
        dues.expected.people,
    )
    assert dues.states[1:] == ["確定待ち", "確定"]


@pytest.mark.rule("B5")
def test_members_see_nothing_before_the_confirmation(here: Here, dues: DuesRun) -> None:
    assert dues.seen_before_confirmation == []


@pytest.mark.rule("I5")
def test_every_member_has_one_invoice_at_most(here: Here, dues: DuesRun) -> None:
    invoices = here.office().all_of(f"/billing/api/invoices?fiscal_year={dues.year}&kind=annual")
    assert len(invoices) == dues.expected.invoices
    assert len({invoice["payer_id"] for invoice in invoices}) == len(invoices)
    assert len({invoice["number"] for invoice in invoices}) == len(invoices)
    assert sum(invoice["total"] for invoice in invoices) == dues.expected.total


@pytest.mark.rule("B2")
def test_a_second_run_asks_nobody_twice(here: Here, dues: DuesRun) -> None:
    office = here.office()
    office.go("/billing/console/runs/new").button("確認画面へ").click()
    office.see("対象外")
    assert reasons(office)["同じ年度の年会費請求あり"] == dues.preview.invoices
    office.shot("25-second-run-asks-nobody-twice")
    office.button("破棄").click()
    office.see(dues.name)


@pytest.mark.rule("N1")
def test_the_member_learns_of_the_invoice_by_letter_and_on_my_page(here: Here, dues: DuesRun) -> None:
    letter = here.installation.letter(MEMBER, dues.name, "10,000")
    (pay,) = [link for link in letter.links if "/payments/my/pay/" in link]
    member = here.person(MEMBER)
    member.go("/members/my/")
    member.see(dues.name, "¥10,000", "支払う")
    member.shot("26-my-page-dues")
    member.go(pay)
    expect(member.page.locator("a[href*='method=card']")).to_be_visible()
    member.shot("27-ways-to-pay")


@pytest.mark.rule("B3")
def test_an_honorary_member_is_told_that_nothing_is_due(here: Here, dues: DuesRun) -> None:
    member = here.person(HONORARY)
    member.go("/billing/my/invoices")
    member.see(dues.name, "入金不要")
    member.see_not("支払う")
    member.shot("28-honorary-member")
    member.go("/members/my/")
    member.see("現在お支払いいただくものはございません")


@pytest.mark.rule("N4")
def test_an_english_member_reads_english_everywhere(here: Here, dues: DuesRun) -> None:
    letter = here.installation.letter(ENGLISH_MEMBER, "Invoice", "10,000")
    assert not re.search("[ぁ-んァ-ヶ一-龠]", letter.subject), letter.subject
    member = here.person(ENGLISH_MEMBER)
    for name, path in (
        ("home", "/members/my/"),
        ("invoices", "/billing/my/invoices"),
        ("pay", next(link for link in letter.links if "/payments/my/pay/" in link)),
        ("events", "/events/my/events"),
        ("profile", "/members/my/profile"),
    ):
        member.go(path)
        expect(member.page.locator("[data-fragment][aria-busy=true]")).to_have_count(0)
        expect(member.page.locator("html")).to_have_attribute("lang", "en")
        member.shot(f"29-english-{name}")
