"""Certificates of membership 会員証明書: numbered, frozen, printed alike, checked by whoever holds the paper (M17+)."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.certificates import issue_certificate
from services.members.codes import shown_code
from services.members.errors.papers import NeverMember, NoCardToday
from services.members.members import change_member
from services.members.models import CertificateRow, MemberRow, StandingRow
from services.members.papers import CERTIFICATE, certificate_words
from services.members.standings.history import change_standing
from services.members.standings.periods import Period, periods_of
from shared import clock
from shared.documents import render_png
from shared.identity import Role
from shared.ids import new_id
from shared.service import RunningService
from tests.journeys.pdfs import squeezed, text_of
from tests.unit.members.conftest import LogIn, a_member, csrf, make_society, post, today

MINE = "/members/my/card"
NAME, ROMAN = "髙橋 𠮷子﨑", "Yoshiko TAKAHASHI"


@pytest.fixture
def member(running: RunningService, society: str) -> MemberRow:
    return a_member(running, society, name=NAME, roman=ROMAN, number="R-0001", joined_on=date(2015, 4, 1))


@pytest.fixture
def her(as_role: LogIn, member: MemberRow) -> FlaskClient:
    return as_role(Role.MEMBER, person=member.id)


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


def issued(running: RunningService, society: str) -> list[CertificateRow]:
    with running.unit(society, reading=True) as uow:
        return list(uow.session.scalars(sa.select(CertificateRow).order_by(CertificateRow.number)))


def with_history(running: RunningService, society: str, *entries: tuple[str, str], **values: Any) -> MemberRow:
    """A member whose history is (first day, standing) …, the last of them in force."""
    row = a_member(running, society, **values)
    with running.unit(society) as uow:
        uow.session.execute(sa.delete(StandingRow).where(StandingRow.member_id == row.id))
        for day, standing in entries:
            moment = {"in_force_at": uow.now, "recorded_at": uow.now, "recorded_by": ""}
            uow.add(StandingRow(member_id=row.id, standing=standing, starts_on=date.fromisoformat(day), **moment))
        uow.get(MemberRow, row.id).standing = entries[-1][1]
    return row


@pytest.mark.rule("M17+")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_member_issues_a_certificate_that_states_the_membership(
    running: RunningService, society: str, her: FlaskClient, member: MemberRow, office: FlaskClient, language: str
) -> None:
    settings = {"signatory": "会長 集い 太郎", "signatory_en": "Taro Tsudoi, President"}
    post(office, "/members/console/papers", page="/members/console/papers", **settings)
    assert post(her, "/members/my/certificates", page=MINE, language=language).status_code == 303
    (row,) = issued(running, society)
    assert "第1号" in her.get(MINE).text
    text, day = text_of(her.get(f"/members/my/certificates/{row.id}.pdf").data), today(running, society)
    if language == "ja":
        era = f"令和{day.year - 2018}年{day.month}月{day.day}日"
        stated = [
            "会員証明書",
            "第1号",
            f"{day.year}年{day.month}月{day.day}日（{era}）",
            f"{NAME}様",
            "正会員",
            "R-0001",
        ]
        stated += ["入会日2015年4月1日", "在会", "kaisei学会の会員であることを証明します", "会長 集い 太郎"]
    else:
        stated = ["Certificate of membership", "Issue No. 1", f"{day.day} {day:%B %Y}", "To whom it may concern", ROMAN]
        stated += [
            "1 April 2015",
            "Active",
            "is a member of Society kaisei",
            "Regular member",
            "Taro Tsudoi, President",
        ]
    for each in stated:
        assert squeezed(each) in text, each


@pytest.mark.rule("M17+")
def test_a_double_click_is_one_certificate_and_numbers_have_no_gaps(
    running: RunningService, society: str, her: FlaskClient, member: MemberRow, office: FlaskClient
) -> None:
    other = a_member(running, society, name="鈴木 一郎", joined_on=date(2020, 4, 1))
    never = a_member(running, society, name="申請 中子", standing="applying")
    page = "/members/console/members/{}/papers"
    for form in ("ja", "ja", "en", "en"):
        assert post(her, "/members/my/certificates", page=MINE, language=form).status_code == 303
    refused = post(office, f"{page.format(never.id)}/certificates", page=page.format(never.id), language="ja")
    assert refused.status_code == 409 and "申請 中子 さんには会員期間の記録がない" in refused.text
    post(office, f"{page.format(other.id)}/certificates", page=page.format(other.id), language="ja")
    hokushin = make_society(running, "hokushin")
    stranger = a_member(running, hokushin, joined_on=date(2020, 4, 1))
    with running.unit(hokushin) as uow:
        assert issue_certificate(uow, stranger.id, "ja").number == 1, "each society counts for itself"
    assert [(row.number, row.language, row.issued_by) for row in issued(running, society)] == [
        (1, "ja", "事務局 花子"),
        (2, "en", "事務局 花子"),
        (3, "ja", "事務局 花子"),
    ]
    with running.unit(society) as uow:
        change_member(uow, member.id, {"name": "鈴木 吉子"})
        assert issue_certificate(uow, member.id, "ja").number == 4, "it states something else"
    with clock.travel(by=timedelta(days=1)), running.unit(society) as uow:
        assert issue_certificate(uow, member.id, "ja").number == 5, "another day"
    ledger = office.get("/members/console/papers").text
    assert all(name in ledger for name in (NAME, "鈴木 一郎", "鈴木 吉子"))
    history = office.get(f"/members/console/members/{member.id}").text
    assert "第1号 (日本語)" in history and "第2号 (English)" in history


@pytest.mark.rule("M17+")
def test_what_was_issued_is_printed_alike_ever_after(
    running: RunningService, society: str, her: FlaskClient, member: MemberRow, client: FlaskClient
) -> None:
    post(her, "/members/my/certificates", page=MINE, language="ja")
    (row,) = issued(running, society)
    address = f"/members/my/certificates/{row.id}.pdf"
    first = her.get(address)
    assert first.headers["Content-Disposition"] == 'attachment; filename="certificate-1.pdf"'
    with running.unit(society) as uow:
        change_member(uow, member.id, {"name": "鈴木 吉子", "category": "student"})
    with clock.travel(by=timedelta(minutes=5)):
        assert her.get(address).data == first.data
    token = certificate_code(running, society, row)
    running.settings = dataclasses.replace(running.settings, secret="t" * 32)
    her.get(MINE)
    newer = certificate_code(running, society, row)
    assert newer != token
    for each in (token, newer):
        seen = client.get(f"/members/verify?code={each}").text
        for stated in ("真正な証明書です", "第1号", NAME, "正会員", "2015年4月1日 〜", "発行日現在、会員であること"):
            assert stated in seen, stated
        assert "R-0001" not in seen


def certificate_code(running: RunningService, society: str, row: CertificateRow) -> str:
    with running.unit(society) as uow:
        return shown_code(uow, running.settings.secrets, row.person_id, row.id) or ""


@pytest.mark.rule("M17+")
def test_a_new_code_of_the_card_leaves_certificates_as_they_are(
    running: RunningService, society: str, her: FlaskClient, client: FlaskClient
) -> None:
    post(her, "/members/my/certificates", page=MINE, language="ja")
    code = certificate_code(running, society, issued(running, society)[0])
    post(her, f"{MINE}/renew", page=MINE)
    post(her, f"{MINE}/revoke", page=MINE)
    assert client.get(f"/members/verify?code={code}").status_code == 200


@pytest.mark.rule("M17+")
def test_of_a_leave_or_the_past_only_the_office_issues_certificates(
    running: RunningService, society: str, her: FlaskClient, member: MemberRow, office: FlaskClient
) -> None:
    with running.unit(society) as uow:
        change_standing(uow, member.id, "on_leave", uow.today)
    refused = her.post(
        "/members/my/certificates", data={"csrf_token": csrf(her, "/members/password"), "language": "ja"}
    )
    assert refused.status_code == NoCardToday.kind.status and not issued(running, society)
    api = f"/members/api/members/{member.id}/certificates"
    made = office.post(api, json={"language": "ja"}, headers={"X-CSRFToken": csrf(office, "/members/password")})
    assert made.status_code == 201 and made.get_json()["facts"]["standing"] == "on_leave"
    assert "休会" in text_of(office.get(f"{api}/{made.get_json()['id']}.pdf").data)
    listed: Any = office.get(api).get_json()
    assert [row["number"] for row in listed] == [1]

    entries = (("2010-04-01", "active"), ("2013-04-01", "left"), ("2015-04-01", "active"), ("2020-04-01", "left"))
    gone = with_history(running, society, *entries, name="退会 済子", joined_on=date(2010, 4, 1))
    page = f"/members/console/members/{gone.id}/papers"
    assert post(office, f"{page}/certificates", page=page, language="ja").status_code == 303
    past = issued(running, society)[-1]
    text = text_of(office.get(f"{page}/certificates/{past.id}.pdf").data)
    for stated in ("2010年4月1日〜2013年3月31日", "2015年4月1日〜2020年3月31日", "会員であったことを証明します"):
        assert stated in text, stated
    assert "退会予定" not in text and "会員状況" not in text


@pytest.mark.rule("M17+")
def test_nobody_gets_somebody_elses_certificate(running: RunningService, society: str, her: FlaskClient) -> None:
    other = a_member(running, society, name="鈴木 一郎", joined_on=date(2020, 4, 1))
    with running.unit(society) as uow:
        row = issue_certificate(uow, other.id, "ja")
    assert her.get(f"/members/my/certificates/{row.id}.pdf").status_code == 404
    assert her.get(f"/members/my/certificates/{new_id()}.pdf").status_code == 404


@pytest.mark.rule("M17+")
@pytest.mark.parametrize(
    ("entries", "values", "periods"),
    [
        ([("2015-04-01", "active")], {"joined_on": "2012-04-01"}, [("2012-04-01", None)]),
        ([("2026-05-10", "active")], {}, [(None, None)]),  # a roster told no day: that of the import is none
        ([("2015-03-01", "applying"), ("2015-04-01", "active")], {}, [("2015-04-01", None)]),
        (
            [("2015-04-01", "active"), ("2018-04-01", "on_leave"), ("2020-04-01", "left"), ("2022-04-01", "active")],
            {"joined_on": "2022-04-01"},
            [(None, "2020-03-31"), ("2022-04-01", None)],
        ),
        (
            [("2020-04-01", "left")],
            {"joined_on": "2010-04-01", "leaves_on": "2020-03-31"},
            [("2010-04-01", "2020-03-31")],
        ),
        (
            [("2026-05-10", "left"), ("2026-06-01", "active")],
            {"joined_on": "2010-04-01"},
            [("2026-06-01", None)],
        ),  # when the first period ended is not known
    ],
)
def test_periods_are_what_is_known(
    running: RunningService,
    society: str,
    entries: list[tuple[str, str]],
    values: dict[str, str],
    periods: list[tuple[str | None, str | None]],
) -> None:
    row = with_history(running, society, *entries)
    days = {name: date.fromisoformat(text) for name, text in values.items()}
    with running.unit(society) as uow:
        member = uow.get(MemberRow, row.id)
        member.joined_on, member.leaves_on = days.get("joined_on"), days.get("leaves_on")
        found = periods_of(uow, member)
    known = [tuple(date.fromisoformat(day) if day else None for day in each) for each in periods]
    assert found == [Period(*each) for each in known]


def test_who_never_was_a_member_gets_no_certificate(running: RunningService, society: str) -> None:
    row = with_history(running, society, ("2020-04-01", "withdrawn_application"))
    with running.unit(society) as uow, pytest.raises(NeverMember):
        issue_certificate(uow, row.id, "ja")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_long_texts_fit_on_one_page(running: RunningService, society: str, language: str) -> None:
    entries = [(f"{2000 + n}-04-01", "active" if n % 2 == 0 else "left") for n in range(9)]
    row = with_history(running, society, *entries, name="寿限無" * 13 + "末", joined_on=date(2000, 4, 1))
    with running.unit(society) as uow:
        facts = issue_certificate(uow, row.id, language).facts
    facts["society"] |= {"name": "公益社団法人日本国際学術情報" * 3, "name_en": "Society of long names " * 5}
    facts["society"] |= {"address": "東京都文京区本郷" * 5, "phone": "03-1234-5678", "email": "office@example.jp"}
    facts |= {"signatory": "会長 " + "集" * 40, "category": "特別会員" * 8}
    words = certificate_words(facts, language, number=1, issued_on=date(2026, 11, 21), address="http://x/" + "x" * 90)
    assert len(render_png(CERTIFICATE, words, ppi=30)) == 1
    assert not re.search(r"%\(", str(words))
