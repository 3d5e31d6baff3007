"""Search by what is known of members 詳細条件 (M9): alike on pages, in the API, for files and for chosen lists."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.members.invitations import INVITE
from services.members.members import mark_address_dead
from services.members.models import MemberRow
from services.members.search import fold, matching, matching_ids
from services.members.search_conditions import MemberSearch
from services.members.search_index import FIRST_KANJI, grams
from services.members.standings.history import change_standing
from shared import clock, jobs
from shared.identity import Role
from shared.messages.members import PasswordResetStarted
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, make_society, post, said, with_account, work

LIST = "/members/console/members"
API = "/members/api/members"
FOUND: list[tuple[dict[str, Any], set[str]]] = [
    ({"kind": "corporate"}, {"法四"}),
    ({"kind": "individual"}, {"個一", "個二", "個三"}),
    ({"category": "student", "joined_to": "2020-03-31", "email": "no"}, {"個二"}),
    ({"category": ["student", "regular"], "number_to": "10"}, {"個一", "個二"}),
    ({"standing": ["on_leave", "leaving"]}, {"個三", "法四"}),
    ({"number_from": "10"}, {"個二", "個三"}),
    ({"number_from": "9", "number_to": "9"}, {"個一"}),
    ({"number_from": "０００９", "number_to": "００１０"}, {"個一", "個二"}),
    ({"joined_from": "2020-03-31"}, {"個二"}),
    ({"joined_to": "2020-03-30"}, {"個一"}),
    ({"leaves_from": "2099-03-01", "leaves_to": "2099-03-31"}, {"法四"}),
    ({"leaves_to": "2099-03-30"}, set()),
    ({"language": "en"}, {"個三"}),
    ({"email": "yes"}, {"個一", "個三"}),
    ({"email": "dead"}, {"個三"}),
    ({"login": "yes"}, {"個一"}),
    ({"login": "no", "kind": "individual"}, {"個二", "個三"}),
    ({"postcode": "〒５３００"}, {"個二"}),
    ({"postcode": "100"}, set()),
    ({"address": "大阪府"}, {"個二"}),
    ({"address": "梅田１"}, {"個二"}),
    ({"address": "梅田1-1"}, {"個二"}),
    ({"address": "梅田１−１"}, {"個二"}),
    ({"address": "梅田1-2"}, set()),
    ({"q": "個", "standing": "", "category": ""}, {"個一", "個二", "個三"}),
]
NONSENSE: list[tuple[str, dict[str, Any]]] = [
    ("on", {"on": "2020-04-01"}),
    ("on", {"on": "yesterday", "standing": "active"}),
    ("standing", {"standing": "asleep"}),
    ("category", {"category": ["regular", "gone"]}),
    ("kind", {"kind": "guest"}),
    ("email", {"email": "perhaps"}),
    ("joined_to", {"joined_from": "2020-04-01", "joined_to": "2020-03-31"}),
    ("number_from", {"number_from": "9" * 31}),
    ("q", {"q": "x" * 201}),
]


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def people(running: RunningService, society: str, hashed: str) -> None:
    """個一, 個二, 個三 and 法四: each differs from the others in what a condition asks for."""
    first = a_member(running, society, name="個一", number="9", email="a@example.jp", joined_on=date(2019, 4, 1))
    with_account(running, society, first, hashed)
    common: dict[str, Any] = {"category": "student", "postcode": "530-0001", "address": "大阪府大阪市北区梅田１－１"}
    a_member(running, society, name="個二", number="10", joined_on=date(2020, 3, 31), **common)
    third = a_member(
        running, society, name="個三", number="101", email="c@example.jp", language="en", standing="on_leave"
    )
    fourth = a_member(running, society, name="法四", standing="leaving", leaves_on=date(2099, 3, 31))
    with running.unit(society) as uow:
        mark_address_dead(uow, third.id, clock.now())
        uow.get(MemberRow, fourth.id).kind = "corporate"


def names(answer: Any) -> set[str]:
    return set(re.findall("個一|個二|個三|法四", answer.text))


@pytest.mark.rule("M9")
@pytest.mark.usefixtures("people")
def test_members_are_found_by_what_is_known_of_them(office: FlaskClient) -> None:
    for asked, found in FOUND:
        assert names(office.get(LIST, query_string=asked)) == found, asked
        listed = office.get(API, query_string=asked).get_json()["members"]
        assert {member["name"] for member in listed} == found, asked
        assert names(office.get(f"{LIST}/export.csv", query_string=asked)) == found, asked


@pytest.mark.rule("M9")
@pytest.mark.usefixtures("people")
def test_nonsense_is_named_and_nobody_is_shown(office: FlaskClient) -> None:
    for field, asked in NONSENSE:
        page = office.get(LIST, query_string=asked)
        assert page.status_code == 422 and f'id="e-{field}"' in page.text and not names(page), asked
        for address in (API, f"{LIST}/export.csv", f"{LIST}/export.xlsx"):
            assert office.get(address, query_string=asked).status_code == 422, asked
        told = office.get(API, query_string=asked).get_json()["errors"]
        assert {fault["field"].partition(".")[0] for fault in told} == {field}
        assert post(office, "/members/console/selections", page=LIST, all="1", **asked).status_code == 422, asked


@pytest.mark.rule("M9")
def test_a_file_says_the_standing_of_the_searched_day_and_names_the_day(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    for name, standing in (("今休会", "on_leave"), ("今退会", "left")):
        member = a_member(running, society, name=name, joined_on=date(2020, 4, 1))
        with running.unit(society) as uow:
            change_standing(uow, member.id, standing, date(2023, 4, 1))
    asked = {"standing": ["active", "left"], "on": "2023-03-31"}
    header, *rows = office.get(f"{LIST}/export.csv", query_string=asked).data.decode("utf-8-sig").splitlines()
    assert "会員状況 2023-03-31" in header.split(",")
    assert len(rows) == 2 and all("在会" in row and "退会" not in row.replace("今退会", "") for row in rows)
    page = office.get(LIST, query_string=asked).text
    assert page.count("基準日：</small>") == 2, "the list shows both: now, and then"
    for q, shown in (("今休", ["今休会"]), ("今", ["今休会", "今退会"]), ("他", [])):  # words are looked up otherwise
        text = office.get(LIST, query_string={**asked, "q": q}).text
        assert [name for name in ("今休会", "今退会") if f">{name}</a>" in text] == shown
    assert (
        "今休会</a>" not in office.get(LIST, query_string={"q": "今", "standing": "on_leave", "on": "2023-03-31"}).text
    )
    today = office.get(f"{LIST}/export.csv").data.decode("utf-8-sig")
    assert "会員状況," in today and "休会" in today


@pytest.mark.rule("M9")
@pytest.mark.usefixtures("people")
def test_conditions_are_shown_and_can_be_taken_away_one_by_one(office: FlaskClient) -> None:
    page = office.get(f"{LIST}?category=student&standing=active&standing=on_leave&on=2026-01-01&sort=-kana").text
    chips = dict(re.findall(r'class="chip">([^<]+)<a href="([^"]+)"', page))
    assert list(chips) == ["会員種別：学生会員", "会員状況：在会", "会員状況：休会", "会員状況の基準日：2026/01/01"]
    without = chips["会員状況：休会"].replace("&amp;", "&")
    assert without == f"{LIST}?category=student&standing=active&on=2026-01-01&sort=-kana"
    last = dict(re.findall(r'class="chip">([^<]+)<a href="([^"]+)"', office.get(without).text))["会員状況：在会"]
    assert last.replace("&amp;", "&") == f"{LIST}?category=student&sort=-kana", "the day means nothing by itself"
    assert "<details" in page and office.get(f"{LIST}?category=student").text.count("open>") == 0


@pytest.mark.rule("M9")
@pytest.mark.rule("M6")
@pytest.mark.usefixtures("people")
def test_all_that_a_search_finds_are_chosen_by_the_same_conditions(office: FlaskClient) -> None:
    page = office.get(f"{LIST}?category=student&category=regular&number_to=10").text
    hidden = re.findall(r'<input type="hidden" name="(category|number_to)" value="([^"]+)"', page)
    assert hidden == [("category", "student"), ("category", "regular"), ("number_to", "10")]
    form = {"all": "1", "category": ["student", "regular"], "number_to": "10"}
    place = post(office, "/members/console/selections", page=LIST, **form).headers["Location"]
    assert "2 名を選択しています" in office.get(place).text
    made = office.post("/members/api/selections", json={"category": "student"}, headers=_bearer(office))
    assert made.get_json()["count"] == 1, "one value may stand by itself"


@pytest.mark.rule("M9")
@pytest.mark.usefixtures("people")
def test_invitations_go_to_whom_the_conditions_find(running: RunningService, society: str, office: FlaskClient) -> None:
    post(office, f"{LIST}/invitations", page=LIST, all="1", language="en")
    older = {"ids": None, "query": "", "category": "", "standing": "on_leave"}
    work(running)
    assert len([m for m in said(running) if isinstance(m, PasswordResetStarted)]) == 1
    with running.unit(society) as uow:
        jobs.start(uow, INVITE, older, total=1)
    work(running)
    assert len([m for m in said(running) if isinstance(m, PasswordResetStarted)]) == 2, "started by an older release"


@pytest.mark.rule("M9")
@pytest.mark.rule("S3")
def test_a_search_stays_in_its_society(running: RunningService, society: str, office: FlaskClient) -> None:
    stranger, wanted = make_society(running, "hokushin"), MemberSearch(q="会員")
    a_member(running, society, name="自会員")
    a_member(running, stranger, name="他会員")
    for place in (society, stranger):
        with running.unit(place, reading=True) as uow:
            (id,) = uow.session.scalars(matching_ids(wanted))
            assert [row.id for row in uow.session.scalars(matching(wanted))] == [id]
    assert "全1件中" in office.get(f"{LIST}?q=会員").text


def indexed(text: str) -> set[str]:
    """What the function `search_grams` of the migration makes of a text, step by step."""
    pairs = [text[at : at + (3 if text[at : at + 2].isascii() else 2)] for at in range(len(text) - 1)]
    return {*pairs, *(one for one in text if one >= FIRST_KANJI)}


@pytest.mark.rule("M9")
@pytest.mark.parametrize(
    "text",
    ["髙橋 花子\nタカハシハナコ\nhanako takahashi\nA-1\nhanako@example.jp\n集い大学", "𠮷田\nli wei\nM001研究室x"],
)
def test_whatever_a_text_contains_is_found_by_the_index(text: str) -> None:
    folded = "\n".join(fold(line) for line in text.split("\n"))
    for line in folded.split("\n"):
        parts = {line[start:end] for start in range(len(line)) for end in range(start + 1, len(line) + 1)}
        assert not [part for part in parts if not indexed(folded).issuperset(grams(part))]
    assert grams("山田") == ["山田"] and grams("林") == ["林"] and grams("ab") == []


def _bearer(browser: FlaskClient) -> dict[str, str]:
    return {"Authorization": f"Bearer {browser.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
