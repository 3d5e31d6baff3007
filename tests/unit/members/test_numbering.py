"""Numbering of a chosen list: in its order, without gaps, never a number that was ever used, all or nobody (M7)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.members.categories import change_category
from services.members.errors.people import NumberInUse
from services.members.members import add_member, change_member
from services.members.models import MemberRow, SelectionRow
from services.members.numbers.assigning import start_numbering
from services.members.numbers.register import next_free
from services.members.search import matching
from services.members.selections import choose
from shared.identity import Role
from shared.messages.members import PersonChanged
from shared.service import RunningService
from tests.unit.members.conftest import (
    LogIn,
    a_member,
    check,
    faults,
    import_all,
    make_society,
    members_of,
    post,
    said,
    work,
)
from tests.unit.members.roster_files import roster

LIST = "/members/console/members"


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def people(running: RunningService, society: str) -> list[MemberRow]:
    """Four without a number, in the order of their readings; the third is a student."""
    kana = ("アオキ", "イトウ", "ウエダ", "エトウ")
    categories = ("regular", "regular", "student", "regular")
    with running.unit(society) as uow:
        change_category(uow, "regular", number_prefix="R", number_width=4)
        change_category(uow, "student", number_prefix="S-", number_width=3)
    return [
        a_member(running, society, name=name, kana=name, category=category)
        for name, category in reversed(list(zip(kana, categories, strict=True)))
    ][::-1]


def numbers(running: RunningService, society: str) -> dict[str, str | None]:
    return {row.kana: row.number for row in members_of(running, society)}


def page_for(office: FlaskClient, **form: Any) -> str:
    answer = post(office, "/members/console/selections", page=LIST, act="number", sort="kana", **form)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


@pytest.mark.rule("M7")
def test_a_list_is_numbered_in_its_order_by_the_format_of_each_category(
    running: RunningService, society: str, office: FlaskClient, people: list[MemberRow]
) -> None:
    page = page_for(office, all="1")
    starts = {"starts.0": "12", "starts.1": "7"}
    look = office.get(page, query_string=starts).text
    for number in ("R0012", "R0013", "S-007", "R0014"):
        assert number in look
    assert set(numbers(running, society).values()) == {None}, "looking changes nothing"
    done = post(office, page, page=f"{page}?starts.0=12&starts.1=7", **starts)
    assert done.status_code == 303
    work(running)
    assert "4 名に会員番号を付与しました" in office.get(done.headers["Location"]).text
    assert numbers(running, society) == {"アオキ": "R0012", "イトウ": "R0013", "ウエダ": "S-007", "エトウ": "R0014"}
    told = {message.person.id: message.person for message in said(running) if isinstance(message, PersonChanged)}
    assert [told[row.id].number for row in people] == ["R0012", "R0013", "S-007", "R0014"]
    assert "アオキ" in office.get(f"{LIST}?q=r0012").text


@pytest.mark.rule("M7")
def test_the_next_free_numbers_are_proposed(
    running: RunningService, society: str, office: FlaskClient, people: list[MemberRow]
) -> None:
    a_member(running, society, name="先 客", number="R0099", category="regular")
    a_member(running, society, name="別 式", number="RX500", category="regular")
    text = office.get(page_for(office, id=[row.id for row in people])).text
    assert 'value="100"' in text and 'value="1"' in text


@pytest.mark.rule("M7")
def test_a_number_that_is_or_was_somebody_s_is_refused_as_a_whole_and_the_holder_named(
    running: RunningService, society: str, office: FlaskClient, people: list[MemberRow]
) -> None:
    holder = a_member(running, society, name="元 番号", number="R0013", category="regular")
    with running.unit(society) as uow:
        change_member(uow, holder.id, {"number": "R9000"})
    page = page_for(office, id=[row.id for row in people])
    starts = {"starts.0": "12", "starts.1": "1"}
    look = office.get(page, query_string=starts).text
    assert "R0013" in look and "元 番号 (R9000)" in look and "この番号を付与する" not in look
    assert post(office, page, page=page, **starts).status_code == 409
    work(running)
    assert {numbers(running, society)[row.kana] for row in people} == {None}


@pytest.mark.rule("M7")
@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"number": "77"}, "77"),
        ({"standing": "applying"}, "現在会員ではありません"),
        ({"standing": "left"}, "現在会員ではありません"),
        ({"category": None}, "会員種別がありません"),
    ],
)
def test_a_list_with_somebody_who_cannot_be_numbered_is_refused(
    running: RunningService,
    society: str,
    office: FlaskClient,
    people: list[MemberRow],
    other: dict[str, Any],
    why: str,
) -> None:
    a_member(running, society, **{"name": "番外", "kana": "バンガイ", **other})
    page = page_for(office, all="1")
    starts = {"starts.0": "1", "starts.1": "1"}
    look = office.get(page, query_string=starts).text
    assert "番外" in look and why in look
    assert post(office, page, page=page, **starts).status_code == 409
    assert {numbers(running, society)[row.kana] for row in people} == {None}


@pytest.mark.rule("M7")
def test_when_somebody_is_quicker_nobody_gets_a_number(
    running: RunningService, society: str, people: list[MemberRow]
) -> None:
    with running.unit(society) as uow:
        selection = choose(uow, matching(), sort="kana")
        start_numbering(uow, selection, {"R": 1, "S-": 1})
    with running.unit(society) as uow:
        change_member(uow, people[3].id, {"number": "R0002"})
    work(running)
    assert numbers(running, society) == {"アオキ": None, "イトウ": None, "ウエダ": None, "エトウ": "R0002"}


@pytest.mark.rule("M7")
def test_numbers_that_were_used_are_never_given_again_by_hand_or_by_import(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    first = a_member(running, society, name="元 番号", number="1", joined_on=date(2020, 4, 1))
    with running.unit(society) as uow:
        change_member(uow, first.id, {"number": "2"})
    with pytest.raises(NumberInUse), running.unit(society) as uow:
        add_member(uow, {"name": "新", "category": "regular", "number": "1"})
    header = "会員番号,氏名,会員種別"
    found = faults(running, society, check(running, society, roster("1,新 人,正会員", header=header).encode()))
    assert [(row, column) for row, column, _ in found] == [(2, "number")] and "元 番号 (2)" in found[0][2]
    import_all(running, society, roster("3,新 人,正会員", header=header).encode())
    with running.unit(society, reading=True) as uow:
        assert next_free(uow, "") == 4
    with running.unit(society) as uow:
        assert change_member(uow, first.id, {"number": "1"}).number == "1", "one's own may come back"
    with running.unit(make_society(running, "hokushin")) as uow:
        assert add_member(uow, {"name": "他学会", "category": "regular", "number": "1"}).number == "1"


@pytest.mark.parametrize("start", ["", "0", "-1", "x", "１２", "9999999999999"])
def test_a_start_that_is_none_is_told_at_its_field(
    running: RunningService, society: str, office: FlaskClient, people: list[MemberRow], start: str
) -> None:
    page = page_for(office, all="1")
    answer = office.get(page, query_string={"starts.0": "1", "starts.1": start})
    assert answer.status_code == 422 and 'id="e-starts.1"' in answer.text


@pytest.mark.rule("M7")
@pytest.mark.rule("W4")
def test_integrators_number_too(
    running: RunningService, society: str, office: FlaskClient, people: list[MemberRow]
) -> None:
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    chosen = office.post("/members/api/selections", json={"sort": "kana"}, headers=token).get_json()
    address = f"/members/api/selections/{chosen['id']}/numbers"
    starts = office.get(address, headers=token).get_json()
    assert starts == {"starts": {"R": 1, "S-": 1}}
    look = office.post(f"{address}/preview", json=starts, headers=token).get_json()
    assert [each["number"] for each in look["planned"]] == ["R0001", "R0002", "S-001", "R0003"]
    assert office.post(address, json=starts, headers=token).status_code == 202
    work(running)
    again = office.post(address, json={"starts": {"R": 50, "S-": 50}}, headers=token)
    assert (again.status_code, again.get_json()["type"]) == (409, "numbering-refused")
    assert office.post(address, json={"starts": {"R": 1}}, headers=token).status_code == 422


@pytest.mark.rule("W3")
@pytest.mark.parametrize("role", [Role.READER, Role.ACCOUNTING])
def test_who_only_reads_numbers_nobody(
    running: RunningService, society: str, as_role: LogIn, people: list[MemberRow], role: Role
) -> None:
    with running.unit(society) as uow:
        selection = choose(uow, matching())
    reader, page = as_role(role), f"/members/console/selections/{selection.id}/numbers"
    assert reader.get(page).status_code == 403
    assert post(reader, page, page=LIST, **{"starts.0": "1"}).status_code == 403
    with running.unit(society, reading=True) as uow:
        assert uow.get(SelectionRow, selection.id).count == 4
    assert set(numbers(running, society).values()) == {None}


@pytest.mark.rule("M7")
def test_a_prefix_in_full_width_is_kept_in_half_width(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    page = "/members/console/categories/regular"
    form = {"name": "正会員", "name_en": "Regular member", "number_width": "4"}
    assert post(office, page, page=page, number_prefix="Ｓ－", **form).status_code == 303
    assert post(office, page, page=page, number_prefix="２０２６", **form).status_code == 422
    a_member(running, society, kana="アオキ")
    place = page_for(office, all="1")
    assert "S-0001" in office.get(f"{place}?starts.0=1").text
