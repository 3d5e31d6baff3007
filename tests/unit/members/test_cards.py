"""Membership cards 会員証: who holds the code sees that somebody is a member today, and nothing else (M17+)."""

from __future__ import annotations

import dataclasses
import re
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.cards import card_of, change_card_settings
from services.members.codes import shown_code
from services.members.models import CodeRow, MemberRow
from services.members.papers import CARD, card_words, verification_address
from services.members.qr import qr
from services.members.standings.history import change_standing
from services.members.tokens import make_token
from shared import clock
from shared.audit import AuditRow
from shared.documents import render_png
from shared.identity import Role
from shared.ids import new_id
from shared.japan.calendar import fiscal_year_of, fiscal_year_span
from shared.service import RunningService
from tests.journeys.pdfs import squeezed, text_of
from tests.unit.members.conftest import LogIn, a_member, csrf, make_society, post, today

CHECK = "/members/verify"
MINE = "/members/my/card"
NAME, KANA, ROMAN = "髙橋 𠮷子﨑", "タカハシ ヨシコ", "Yoshiko TAKAHASHI"


@pytest.fixture
def member(running: RunningService, society: str) -> MemberRow:
    values = {"kana": KANA, "roman": ROMAN, "number": "R-0001", "email": "yoshiko@example.jp"}
    return a_member(running, society, name=NAME, joined_on=date(2015, 4, 1), **values)


@pytest.fixture
def her(as_role: LogIn, member: MemberRow) -> FlaskClient:
    return as_role(Role.MEMBER, person=member.id)


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


def address_of(running: RunningService, society: str, member: MemberRow) -> str:
    """Where the QR of the card leads."""
    with running.unit(society) as uow:
        return f"{CHECK}?code={shown_code(uow, running.settings.secrets, member.id)}"


def main(answer: Any) -> str:
    """What the page says, apart from when it was looked at."""
    found = re.search(r"<main.*</main>", answer.text, re.DOTALL)
    assert found
    return re.sub(r"確認日時.*", "", found[0])


@pytest.mark.rule("M17+")
def test_the_card_shows_its_member_and_its_qr_leads_to_the_check(
    running: RunningService, society: str, member: MemberRow, her: FlaskClient, client: FlaskClient
) -> None:
    page = her.get(MINE).text
    ends = fiscal_year_span(fiscal_year_of(today(running, society)))[1]
    valid = f"{ends.year}年{ends.month}月{ends.day}日"
    for stated in ("kaisei 学会", NAME, KANA, ROMAN, "R-0001", "正会員", valid):
        assert stated in page, stated
    token = address_of(running, society, member).removeprefix(f"{CHECK}?code=")
    assert qr(verification_address("http://localhost", token)) in page
    seen = client.get(f"{CHECK}?code={token}")
    assert seen.status_code == 200
    for stated in ("本日現在", NAME, "正会員", valid, "日本時間"):
        assert stated in seen.text, stated
    for hidden in (KANA, ROMAN, "R-0001", "yoshiko", "2015", "在会", member.id):
        assert hidden not in seen.text, hidden
    english = client.get(f"{CHECK}?code={token}", headers={"Accept-Language": "en", "Accept": "text/html"}).text
    assert ROMAN in english and "member of Society kaisei today" in english and NAME not in english
    assert f'href="?code={token}&amp;lang=en"' in seen.text, "the other language says the same of the same code"


@pytest.mark.rule("M17+")
def test_the_check_names_the_society_of_the_card_to_readers_of_another(
    running: RunningService, society: str, member: MemberRow, as_role: LogIn
) -> None:
    reader = as_role(Role.MEMBER, society_id=make_society(running, "hokushin"))
    seen = main(reader.get(address_of(running, society, member)))
    assert "kaisei 学会の会員です" in seen and "hokushin" not in seen


@pytest.mark.rule("M17+")
def test_the_check_is_kept_nowhere(
    running: RunningService, society: str, member: MemberRow, client: FlaskClient
) -> None:
    address = address_of(running, society, member)
    for answer in (client.get(address), client.get(f"{CHECK}?code=wrong")):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "no-store" in answer.headers["Cache-Control"]
    with running.unit(society, reading=True) as uow:
        stored = uow.session.scalars(sa.select(CodeRow.secret)).one()
    assert stored not in address and address.partition("=")[2] not in stored


@pytest.mark.rule("M17+")
@pytest.mark.parametrize("standing", ["on_leave", "left", "expelled"])
def test_who_is_no_member_today_is_not_told_why(
    running: RunningService, society: str, member: MemberRow, client: FlaskClient, her: FlaskClient, standing: str
) -> None:
    address = address_of(running, society, member)
    with running.unit(society) as uow:
        change_standing(uow, member.id, standing, uow.today)
    seen = client.get(address)
    assert seen.status_code == 200 and "有効ではありません" in seen.text
    for hidden in (NAME, "正会員", "休会", "退会", "除名"):
        assert hidden not in main(seen), hidden
    page = her.get(MINE)
    assert "現在、会員証はありません" in page.text and "<article" not in page.text
    assert her.get(f"{MINE}.pdf").status_code == 409


@pytest.mark.rule("M17+")
@pytest.mark.rule("M5")
def test_a_change_that_has_come_counts_before_the_clock_work_has_run(
    running: RunningService, society: str, member: MemberRow, client: FlaskClient
) -> None:
    address = address_of(running, society, member)
    with running.unit(society) as uow:
        change_standing(uow, member.id, "on_leave", uow.today + timedelta(days=1))
    assert NAME in client.get(address).text
    with clock.travel(by=timedelta(days=1)):
        assert "有効ではありません" in client.get(address).text


@pytest.mark.rule("M17+")
def test_wrong_old_and_broken_codes_get_one_answer(
    running: RunningService, society: str, member: MemberRow, her: FlaskClient, client: FlaskClient
) -> None:
    old = address_of(running, society, member)
    assert post(her, f"{MINE}/renew", page=MINE).status_code == 303
    new = address_of(running, society, member)
    assert old != new and NAME in client.get(new).text
    hokushin = make_society(running, "hokushin")
    elsewhere = address_of(running, hokushin, a_member(running, hokushin))
    crossed = elsewhere[: len(CHECK) + 6 + 21] + new[len(CHECK) + 6 + 21 :]
    nowhere = f"{CHECK}?code={make_token(new_id())}"
    broken = (new[:-1], new + "A", f"{new[:-4]}AAAA", f"{new[:-1]}会", CHECK)
    answers = [client.get(each) for each in (old, crossed, nowhere, *broken)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({main(answer) for answer in answers}) == 1
    assert "最新のコード" in answers[0].text and NAME not in answers[0].text


@pytest.mark.rule("M17+")
def test_the_office_revokes_a_code_and_the_member_makes_a_new_one(
    running: RunningService, society: str, member: MemberRow, her: FlaskClient, office: FlaskClient, client: FlaskClient
) -> None:
    address, page = address_of(running, society, member), f"/members/console/members/{member.id}/papers"
    assert "コードは有効です" in office.get(page).text
    assert post(office, f"{page}/card/revoke", page=page).status_code == 303
    assert client.get(address).status_code == 404
    assert "コードは無効です" in office.get(page).text
    assert 'class="qr"' not in her.get(MINE).text, "looking at the card does not make a new code"
    assert "QR" not in text_of(her.get(f"{MINE}.pdf").data)
    assert post(her, f"{MINE}/renew", page=MINE).status_code == 303
    assert 'class="qr"' in her.get(MINE).text
    assert NAME in client.get(address_of(running, society, member)).text
    assert post(her, f"{MINE}/revoke", page=MINE).status_code == 303
    assert 'class="qr"' not in her.get(MINE).text
    with running.unit(society, reading=True) as uow:
        actions = sa.select(AuditRow.action).where(AuditRow.action.contains("card")).order_by(AuditRow.id)
        recorded = uow.session.scalars(actions).all()
    assert recorded == ["revoke-card-code", "renew-card-code", "revoke-card-code"]
    assert "コードを更新" in office.get(f"/members/console/members/{member.id}").text


@pytest.mark.rule("M17+")
@pytest.mark.rule("S10")
def test_whoever_tries_codes_is_slowed_down(
    running: RunningService, society: str, member: MemberRow, client: FlaskClient
) -> None:
    good = address_of(running, society, member)
    for n in range(60):
        assert client.get(f"{good[:-4]}{n:04}").status_code == 404
        assert n or client.get(good).status_code == 200
    blocked = client.get(good)
    assert blocked.status_code == 429 and NAME not in blocked.text
    assert client.get(good, environ_base={"REMOTE_ADDR": "192.0.2.9"}).status_code == 200, "elsewhere it works"


@pytest.mark.rule("M17+")
def test_an_installation_with_a_new_secret_makes_new_codes(
    running: RunningService, society: str, member: MemberRow, client: FlaskClient
) -> None:
    old = address_of(running, society, member)
    running.settings = dataclasses.replace(running.settings, secret="t" * 32)
    new = address_of(running, society, member)
    assert new != old and address_of(running, society, member) == new
    assert (client.get(old).status_code, client.get(new).status_code) == (404, 200)


@pytest.mark.rule("M17+")
def test_a_card_is_valid_until_the_society_or_the_membership_says(
    running: RunningService, society: str, member: MemberRow, office: FlaskClient
) -> None:
    with running.unit(society) as uow:
        day = uow.today
        year_ends = fiscal_year_span(fiscal_year_of(day, 4), 4)[1]
        for said, valid in ((None, year_ends), (day, day), (day - timedelta(days=1), year_ends)):
            change_card_settings(uow, valid_until=said, signatory="", signatory_en="")
            assert card_of(uow, member.id).valid_until == valid
        change_standing(uow, member.id, "leaving", day, last_day=day + timedelta(days=3))
        assert card_of(uow, member.id).valid_until == day + timedelta(days=3)
    page = "/members/console/papers"
    refused = post(office, page, page=page, valid_until="31.3.2027", signatory="会長")
    assert refused.status_code == 422 and 'value="31.3.2027"' in refused.text
    assert (
        post(office, page, page=page, valid_until=year_ends.isoformat(), signatory="会長 集い 太郎").status_code == 303
    )
    assert office.get("/members/api/card-settings").get_json() == {
        "valid_until": year_ends.isoformat(),
        "signatory": "会長 集い 太郎",
        "signatory_en": "",
    }


@pytest.mark.rule("M17+")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_card_is_printed_with_all_that_it_shows(her: FlaskClient, language: str) -> None:
    text = text_of(her.get(f"{MINE}.pdf?in={language}").data)
    stated = ("kaisei学会", KANA, "会員証") if language == "ja" else ("Society kaisei", "Membership card", "Regular")
    for each in (NAME, ROMAN, "R-0001", *stated):
        assert squeezed(each) in text, each


def test_long_names_fit_on_a_card(running: RunningService, society: str) -> None:
    long = a_member(running, society, name="寿限無" * 13 + "末", kana="ジュゲム" * 10, roman="Wolfeschlegelstein " * 3)
    with running.unit(society) as uow:
        for language in ("ja", "en"):
            words = card_words(card_of(uow, long.id), uow.society, language, address="http://localhost/" + "x" * 90)
            assert len(render_png(CARD, words, ppi=30)) == 1


@pytest.mark.rule("M17+")
def test_an_integrator_makes_and_revokes_codes(
    running: RunningService, society: str, member: MemberRow, as_role: LogIn, client: FlaskClient
) -> None:
    office, api = as_role(Role.AFFAIRS), f"/members/api/members/{member.id}/card"
    headers = {"X-CSRFToken": csrf(office, "/members/password")}
    assert office.get(api).get_json()["state"] == "none"
    made = office.post(api, headers=headers)
    assert (
        made.status_code == 201 and made.get_json()["state"] == "valid" and made.get_json()["made_by"] == "事務局 花子"
    )
    path = made.get_json()["address"].removeprefix("http://localhost")
    assert client.get(path).status_code == 200
    assert "address" not in office.get(api).get_json()
    assert office.delete(api, headers=headers).status_code == 204
    assert client.get(path).status_code == 404 and office.get(api).get_json()["state"] == "revoked"
