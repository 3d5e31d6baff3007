"""Members who are there twice 重複候補 (M18+): found by what two have in common, told apart, proposed again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.duplicates.evidence import reasons_in
from services.members.duplicates.finding import MOST, find_duplicates
from services.members.members import change_member, free_address
from services.members.models import DuplicateRow, MemberRow
from shared import clock
from shared.identity import Role
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, make_society, post, work

LIST = "/members/console/duplicates"
API = "/members/api/duplicates"


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def token(office: FlaskClient) -> dict[str, str]:
    return {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]


def found(running: RunningService, society: str, *, after: timedelta = timedelta()) -> dict[frozenset[str], set[str]]:
    """The reasons for each open pair, by the numbers of its members."""
    with clock.travel(by=after), running.unit(society) as uow:
        find_duplicates(uow)
    with running.unit(society, reading=True) as uow:
        number = {row.id: row.number for row in uow.session.scalars(sa.select(MemberRow))}
        rows = uow.session.scalars(sa.select(DuplicateRow).where(DuplicateRow.state == "open")).all()
        return {
            frozenset((str(number[row.first_id]), str(number[row.second_id]))): {
                reason.name for reason in reasons_in(row.reasons)
            }
            for row in rows
        }


HANAKO = {"name": "髙橋 花子", "kana": "タカハシ ハナコ"}


@pytest.mark.rule("M18")
@pytest.mark.parametrize(
    ("one", "other", "reasons"),
    [
        (HANAKO, {"name": "高橋花子", "kana": "タカハシハナコ"}, {"name", "kana"}),
        (
            {**HANAKO, "postcode": "100-0001"},
            {"name": "高橋 華子", "kana": "タカハシ ハナコ", "postcode": "100-0001"},
            {"kana", "postcode"},
        ),
        (
            {**HANAKO, "kana": "", "affiliation": "集い大学"},
            {**HANAKO, "affiliation": "集い 大学"},
            {"name", "affiliation"},
        ),
        ({"name": "旧姓 花子", "phone": "+81 90-1234-5678"}, {**HANAKO, "phone": "090(1234)5678"}, {"phone"}),
        (
            {**HANAKO, "name": "山本 花子", "custom": {"生年月日": "1980/01/02"}},
            {"name": "高橋 はな子", "kana": "タカハシ ハナコ", "custom": {"生年月日": "1980-01-02"}},
            {"kana", "birth"},
        ),
    ],
)
def test_two_records_of_one_person_are_found(
    running: RunningService, society: str, one: dict[str, Any], other: dict[str, Any], reasons: set[str]
) -> None:
    a_member(running, society, number="1", **one)
    a_member(running, society, number="2", **other)
    assert found(running, society) == {frozenset(("1", "2")): reasons}


@pytest.mark.rule("M18")
def test_what_differs_or_is_shared_by_many_proves_nothing(running: RunningService, society: str) -> None:
    a_member(running, society, number="1", **HANAKO, custom={"生年月日": "1980-01-02"}, email="hanako@example.jp")
    a_member(running, society, number="2", **HANAKO, custom={"生年月日": "1991-07-08"}, email="hana.ko@example.jp")
    a_member(running, society, number="3", name="高橋 太郎", kana="タカハシ タロウ", email="hanako+a@example.jp")
    for n in range(MOST + 1):
        a_member(running, society, number=f"s{n}", name=f"人 {n}", phone="03-1111-2222")
    a_member(running, make_society(running, "hokushin"), **HANAKO)
    assert found(running, society) == {}


@pytest.mark.rule("M18")
def test_an_address_that_was_freed_leads_to_whoever_has_it_now(running: RunningService, society: str) -> None:
    old = a_member(running, society, number="1", name="旧 姓", email="same@example.jp", standing="left")
    with running.unit(society) as uow:
        free_address(uow, old.id)
    a_member(running, society, number="2", name="新 姓", email="same@example.jp")
    assert found(running, society) == {frozenset(("1", "2")): {"email"}}
    assert found(running, society, after=timedelta(hours=6)) == {frozenset(("1", "2")): {"email"}}


@pytest.mark.rule("M18")
def test_a_pair_goes_when_nothing_speaks_for_it_any_more_and_never_comes_again_once_told_apart(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    one = a_member(running, society, number="1", **HANAKO)
    two = a_member(running, society, number="2", **HANAKO)
    three = a_member(running, society, number="3", **HANAKO)
    assert len(found(running, society)) == 3
    page = office.get(LIST).text
    assert "同じ氏名" in page and "同じフリガナ" in page
    with running.unit(society) as uow:
        change_member(uow, three.id, {"name": "山本 桃子", "kana": "ヤマモト モモコ"})
    assert len(found(running, society, after=timedelta(hours=6))) == 1
    assert post(office, f"{LIST}/{two.id}/{one.id}/different", page=LIST).status_code == 303
    assert post(office, f"{LIST}/{one.id}/{two.id}/different", page=LIST).status_code == 303, "twice means it once"
    assert found(running, society, after=timedelta(hours=12)) == {}
    assert "事務局 花子" in office.get(f"{LIST}?state=different").text
    assert "別人" in office.get(f"/members/console/members/{one.id}").text, "in the history of changes"
    assert post(office, f"{LIST}/{one.id}/{two.id}/again", page=f"{LIST}?state=different").status_code == 303
    assert len(found(running, society, after=timedelta(hours=18))) == 1


@pytest.mark.rule("M18")
def test_whoever_opens_a_new_member_is_told_of_their_namesake(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    one = a_member(running, society, number="1", **HANAKO)
    other = a_member(running, society, number="2", **HANAKO)
    assert f"{LIST}/{one.id}/{other.id}" in office.get(f"/members/console/members/{one.id}").text
    assert post(office, f"{LIST}/{one.id}/{other.id}/different", page=LIST).status_code == 303
    assert f"{LIST}/{one.id}/{other.id}" not in office.get(f"/members/console/members/{one.id}").text


@pytest.mark.rule("M18")
def test_integrators_look_for_pairs_read_them_and_tell_them_apart(
    running: RunningService, society: str, office: FlaskClient, token: dict[str, str]
) -> None:
    one = a_member(running, society, number="1", **HANAKO)
    two = a_member(running, society, number="2", **HANAKO)
    first, again = (office.post(f"{API}/search", headers=token) for _ in range(2))
    assert first.status_code == 202 and first.get_json()["id"] == again.get_json()["id"]
    work(running)
    (pair,) = office.get(API, headers=token).get_json()
    assert {pair["first"]["id"], pair["second"]["id"]} == {one.id, two.id}
    assert (pair["score"], pair["reasons"]) == (60, ["name", "kana"])
    assert office.put(f"{API}/{one.id}/{two.id}/different", headers=token).status_code == 204
    assert office.get(API, headers=token).get_json() == []
    assert [p["decided_by"] for p in office.get(f"{API}?state=different", headers=token).get_json()] == ["事務局 花子"]
    assert office.delete(f"{API}/{one.id}/{two.id}/different", headers=token).status_code == 204
    assert office.put(f"{API}/{one.id}/{one.id}/different", headers=token).status_code == 422
