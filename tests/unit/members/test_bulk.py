"""Chosen lists, and one standing for all of them 一括更新: all or nothing (M6)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.errors.lists import BulkChangeRefused
from services.members.histories.bulk import look_at_change, start_change
from services.members.histories.coming import let_standings_come
from services.members.histories.tracks import STANDING
from services.members.models import SelectedRow, SelectionRow
from services.members.search import matching
from services.members.selections import choose, forget_old_selections
from services.members.standings.history import change_standing
from shared import clock
from shared.errors import InvalidInput, NotFound
from shared.identity import Role
from shared.messages.members import MemberAdmitted, PersonChanged
from shared.service import RunningService
from tests.unit.members.conftest import (
    LogIn,
    a_member,
    histories,
    make_society,
    members_of,
    post,
    said,
    short,
    today,
    work,
)

DAY = timedelta(days=1)
JOINED = date(2020, 4, 1)
LIST = "/members/console/members"


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def people(running: RunningService, society: str) -> list[str]:
    """Five members of 2020, by number."""
    return [
        a_member(running, society, name=f"会員 {n}", number=str(n), kana="カイイン", joined_on=JOINED).id
        for n in range(5)
    ]


def chosen(running: RunningService, society: str, sort: str = "number") -> SelectionRow:
    with running.unit(society) as uow:
        return choose(uow, matching(), sort=sort)


def standings(running: RunningService, society: str) -> list[str]:
    return [row.standing for row in members_of(running, society)]


def choose_on_page(office: FlaskClient, **form: Any) -> str:
    answer = post(office, "/members/console/selections", page=LIST, **form)
    assert answer.status_code == 303
    return str(answer.headers["Location"])


@pytest.mark.rule("M6")
def test_what_a_search_finds_is_changed_together_and_told(
    running: RunningService, society: str, office: FlaskClient, people: list[str]
) -> None:
    a_member(running, society, name="学 生", number="9", category="student", joined_on=JOINED)
    place = choose_on_page(office, all="1", category="regular")
    day = today(running, society).isoformat()
    look = office.get(f"{place}?standing=on_leave&starts_on={day}").text
    assert "5 名を変更できます" in look
    assert standings(running, society) == ["active"] * 6, "looking changes nothing"
    done = post(office, place, page=place, standing="on_leave", starts_on=day)
    assert done.status_code == 303
    work(running)
    assert "5 名を変更しました" in office.get(done.headers["Location"]).text
    assert standings(running, society) == ["on_leave"] * 5 + ["active"]
    told = [message.person for message in said(running) if isinstance(message, PersonChanged)]
    assert sorted(person.id for person in told if person.standing == "on_leave") == sorted(people)


@pytest.mark.rule("M6")
def test_whoever_is_in_the_way_is_named_with_the_first_possible_day_and_nobody_is_changed(
    running: RunningService, society: str, office: FlaskClient, people: list[str]
) -> None:
    moved = date(2025, 9, 25)
    with running.unit(society) as uow:
        change_standing(uow, people[3], "on_leave", moved)
        change_standing(uow, people[3], "active", moved + 10 * DAY)
    place = choose_on_page(office, all="1")
    for day, blocked in ((moved + 10 * DAY, True), (moved + 11 * DAY, False)):
        look = office.get(f"{place}?standing=on_leave&starts_on={day}").text
        assert ("会員 3</a>" in look, short(moved + 11 * DAY) in look) == (blocked, blocked)
    late = post(office, place, page=place, standing="on_leave", starts_on=(moved + 10 * DAY).isoformat())
    assert late.status_code == 409
    work(running)
    assert standings(running, society) == ["active"] * 5


@pytest.mark.rule("M6")
def test_who_cannot_become_that_is_in_the_way_too(running: RunningService, society: str, people: list[str]) -> None:
    a_member(running, society, name="申請 者", number="7", standing="applying")
    selection = chosen(running, society)
    with running.unit(society, reading=True) as uow:
        look = look_at_change(uow, STANDING, selection, "on_leave", uow.today + DAY)
    assert (look.count, look.in_the_way, [each.member.name for each in look.obstacles]) == (6, 1, ["申請 者"])


@pytest.mark.rule("M6")
def test_when_somebody_is_quicker_nobody_is_changed(
    running: RunningService, society: str, office: FlaskClient, people: list[str]
) -> None:
    selection = chosen(running, society)
    with running.unit(society) as uow:
        day = uow.today
        job = start_change(uow, STANDING, uow.get(SelectionRow, selection.id), "left", day)
        change_standing(uow, people[4], "on_leave", day)
    before = histories(running, society)
    work(running)
    assert histories(running, society) == before
    page = office.get(f"/members/console/selections/{selection.id}/standing/{job.id}").text
    assert "誰も変更していません" in page


@pytest.mark.rule("M5")
@pytest.mark.rule("M6")
def test_applicants_are_admitted_together_from_a_day_to_come(running: RunningService, society: str) -> None:
    for n in range(3):
        a_member(running, society, name=f"申請 {n}", number=str(n), standing="applying")
    selection = chosen(running, society)
    with running.unit(society) as uow:
        begins = uow.today + 30 * DAY
        start_change(uow, STANDING, uow.get(SelectionRow, selection.id), "active", begins)
    work(running)
    assert standings(running, society) == ["applying"] * 3
    with clock.travel(by=30 * DAY), running.unit(society) as uow:
        let_standings_come(uow)
    assert [(row.standing, row.joined_on) for row in members_of(running, society)] == [("active", begins)] * 3
    assert len([message for message in said(running) if isinstance(message, MemberAdmitted)]) == 3


def test_leaving_needs_a_day_of_its_own(running: RunningService, society: str, people: list[str]) -> None:
    selection = chosen(running, society)
    with pytest.raises(InvalidInput), running.unit(society) as uow:
        start_change(uow, STANDING, uow.get(SelectionRow, selection.id), "leaving", uow.today)


def test_a_list_stays_as_it_was_chosen_in_its_order(running: RunningService, society: str, people: list[str]) -> None:
    selection = chosen(running, society, sort="-number")
    a_member(running, society, name="後 発", number="8")
    with running.unit(society, reading=True) as uow:
        kept = uow.session.scalars(sa.select(SelectedRow.member_id).order_by(SelectedRow.ordinal)).all()
    assert (selection.count, list(kept)) == (5, people[::-1])


def test_those_who_were_ticked_are_chosen_and_nobody_is_said(
    running: RunningService, society: str, office: FlaskClient, people: list[str]
) -> None:
    place = choose_on_page(office, id=people[1:3])
    page = office.get(place).text
    assert "2 名を選択しています" in page and "会員 1" in page and "会員 0" not in page
    assert post(office, "/members/console/selections", page=LIST, id=["nonsense"]).status_code == 422
    assert post(office, "/members/console/selections", page=LIST, all="1", q="誰もいない").status_code == 422


def test_lists_are_of_one_society_and_are_forgotten(running: RunningService, society: str, people: list[str]) -> None:
    selection, stranger = chosen(running, society), make_society(running, "hokushin")
    with pytest.raises(NotFound), running.unit(stranger, reading=True) as uow:
        uow.get(SelectionRow, selection.id)
    with clock.travel(by=timedelta(days=2, minutes=1)):
        for place in (stranger, society):
            with running.unit(place) as uow:
                forget_old_selections(uow)
    with running.unit(society, reading=True) as uow:
        assert uow.session.scalars(sa.select(SelectedRow)).all() == []


@pytest.mark.rule("W4")
@pytest.mark.rule("M6")
def test_integrators_change_many_too(
    running: RunningService, society: str, office: FlaskClient, people: list[str]
) -> None:
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    made = office.post("/members/api/selections", json={"q": "会員", "sort": "kana"}, headers=token)
    assert (made.status_code, made.get_json()["count"]) == (201, 5)
    address = f"/members/api/selections/{made.get_json()['id']}/standing"
    day = today(running, society).isoformat()
    wanted = {"standing": "left", "starts_on": day}
    look = office.get(address, query_string=wanted, headers=token).get_json()
    assert (look["count"], look["in_the_way"], look["first_day"]) == (5, 0, None)
    blocked = office.get(address, query_string={**wanted, "starts_on": "2020-04-01"}, headers=token).get_json()
    assert (blocked["in_the_way"], blocked["obstacles"][0]["number"]) == (5, "0")
    assert (blocked["first_day"], blocked["obstacles"][0]["too_early"]) == ("2020-04-02", True)
    job = office.post(address, json=wanted, headers=token)
    assert job.status_code == 202
    work(running)
    done = office.get(f"/members/api/work/{job.get_json()['id']}", headers=token).get_json()
    assert (done["state"], done["done"]) == ("done", 5)
    again = office.post(address, json={**wanted, "standing": "on_leave"}, headers=token)
    assert (again.status_code, again.get_json()["type"]) == (409, "bulk-change-refused")
    assert BulkChangeRefused().slug == "bulk-change-refused"


@pytest.mark.rule("W3")
@pytest.mark.parametrize("role", [Role.READER, Role.ACCOUNTING])
def test_who_only_reads_chooses_nobody(
    running: RunningService, society: str, as_role: LogIn, people: list[str], role: Role
) -> None:
    reader = as_role(role)
    assert "/selections" not in reader.get(LIST).text
    assert post(reader, "/members/console/selections", page=LIST, all="1").status_code == 403


@pytest.mark.rule("M6")
def test_whoever_clicks_twice_means_it_once(
    running: RunningService, society: str, office: FlaskClient, people: list[str]
) -> None:
    place, day = choose_on_page(office, all="1"), today(running, society).isoformat()
    answers = [post(office, place, page=place, standing="on_leave", starts_on=day) for _ in range(2)]
    work(running)
    answers.append(post(office, place, page=place, standing="on_leave", starts_on=day))
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert "5 名を変更しました" in office.get(answers[-1].headers["Location"]).text


@pytest.mark.rule("M6")
def test_where_no_day_would_do_none_is_proposed(
    running: RunningService, society: str, office: FlaskClient, people: list[str]
) -> None:
    place = choose_on_page(office, all="1")
    for standing in ("applying", "active"):
        for day in (JOINED, today(running, society)):
            page = office.get(f"{place}?standing={standing}&starts_on={day}").text
            assert "指定できる最初の日付" not in page and "この会員状況からは変更できません" in page
