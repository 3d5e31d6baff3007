"""Members ask the office 届出 for another name, a leave, or to withdraw; what it accepts is done (M13+)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from services.members.member_requests import accept_request, make_request
from services.members.models import MemberRow, RequestRow
from shared import clock
from shared.errors import NotFound
from shared.identity import Role
from shared.messages.members import PersonChanged, RequestDecided, RequestMade
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, histories, make_society, members_of, post, said, today

MINE = "/members/my/requests"
OFFICE = "/members/console/requests"
NAME = {"name": "鈴木 花子", "kana": "スズキ ハナコ", "roman": "Hanako Suzuki"}


@pytest.fixture
def member(running: RunningService, society: str) -> MemberRow:
    return a_member(running, society, kana="タカハシ ハナコ", standing="active", email="hanako@example.jp")


@pytest.fixture
def her(as_role: LogIn, member: MemberRow) -> FlaskClient:
    return as_role(Role.MEMBER, person=member.id)


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


def ask(her: FlaskClient, kind: str, **form: Any) -> Any:
    return post(her, f"{MINE}/new/{kind}", page=f"{MINE}/new/{kind}", **form)


def request_of(running: RunningService, society: str) -> RequestRow:
    """The newest."""
    with running.unit(society, reading=True) as uow:
        return uow.session.scalars(sa.select(RequestRow).order_by(RequestRow.id.desc()).limit(1)).one()


def decide(office: FlaskClient, row: RequestRow, how: str, **form: Any) -> Any:
    return post(office, f"{OFFICE}/{row.id}/{how}", page=f"{OFFICE}/{row.id}", **form)


@pytest.mark.rule("M13+")
@pytest.mark.rule("M13")
def test_another_name_is_asked_for_and_changes_when_the_office_accepts(
    running: RunningService, society: str, member: MemberRow, her: FlaskClient, office: FlaskClient
) -> None:
    assert ask(her, "name", **NAME, reason="結婚のため").status_code == 303
    assert members_of(running, society)[0].name == "髙橋 花子", "nothing changes before"
    row = request_of(running, society)
    assert member.name in office.get(OFFICE).text
    page = office.get(f"{OFFICE}/{row.id}").text
    assert all(text in page for text in ("髙橋 花子", *NAME.values(), "結婚のため"))
    assert decide(office, row, "accept", answer="おめでとうございます").status_code == 303
    (changed,) = members_of(running, society)
    assert {name: getattr(changed, name) for name in NAME} == NAME
    told = [message for message in said(running) if isinstance(message, (RequestMade, RequestDecided))]
    assert isinstance(told[0], RequestMade) and isinstance(told[1], RequestDecided)
    assert (told[1].accepted, told[1].request, told[1].answer) == (True, "name", "おめでとうございます")
    assert [m.person.name for m in said(running) if isinstance(m, PersonChanged)][-1] == "鈴木 花子"
    assert "受理" in her.get(MINE).text and "おめでとうございます" in her.get(MINE).text


@pytest.mark.rule("M13+")
@pytest.mark.rule("M5")
def test_a_leave_and_a_withdrawal_become_entries_of_the_history(
    running: RunningService, society: str, member: MemberRow, her: FlaskClient, office: FlaskClient
) -> None:
    day = today(running, society)
    with running.unit(society) as uow:  # who joined today cannot leave today: nothing else stands in the way
        uow.get(MemberRow, member.id)
        uow.session.execute(sa.text("UPDATE standings SET starts_on = '2020-04-01'"))
    begins, last = day + timedelta(days=10), day + timedelta(days=100)
    assert ask(her, "leave", day=begins.isoformat()).status_code == 303
    chosen = (begins + timedelta(days=1)).isoformat()
    assert decide(office, request_of(running, society), "accept", day=chosen).status_code == 303
    assert request_of(running, society).day == begins + timedelta(days=1)
    assert histories(running, society)[member.name][1:] == [("on_leave", begins + timedelta(days=1))], "another day"
    assert ask(her, "withdrawal", day=last.isoformat()).status_code == 303
    refused = decide(office, request_of(running, society), "accept", day=last.isoformat())
    assert refused.status_code == 409, "a leave stands in between: the office decides what gives way"
    with running.unit(society) as uow:
        uow.session.execute(sa.text("DELETE FROM standings WHERE standing = 'on_leave'"))
    assert decide(office, request_of(running, society), "accept", day=last.isoformat()).status_code == 303
    assert histories(running, society)[member.name][1:] == [("leaving", day), ("left", last + timedelta(days=1))]
    assert members_of(running, society)[0].leaves_on == last


@pytest.mark.rule("M13+")
def test_a_withdrawal_that_is_opened_late_or_on_the_first_day_can_be_accepted(
    running: RunningService, society: str, member: MemberRow, her: FlaskClient, office: FlaskClient
) -> None:
    """The member joined today: then they are leaving from tomorrow."""
    day = today(running, society)
    last = day + timedelta(days=30)
    ask(her, "withdrawal", day=last.isoformat())
    assert decide(office, request_of(running, society), "accept", day=last.isoformat()).status_code == 303
    tomorrow, after = day + timedelta(days=1), last + timedelta(days=1)
    assert histories(running, society)[member.name] == [("active", day), ("leaving", tomorrow), ("left", after)]
    other = a_member(running, society, name="遅 番", joined_on=date(2020, 4, 1))
    with running.unit(society) as uow:
        make_request(uow, other.id, "withdrawal", {"day": day}, reason="")
    with clock.travel(by=timedelta(days=20)), running.unit(society) as uow:  # a page's token would be over by then
        accept_request(uow, request_of(running, society).id, day=day)
    assert histories(running, society)["遅 番"] == [("active", date(2020, 4, 1)), ("left", tomorrow)]


@pytest.mark.rule("M13+")
def test_what_is_refused_is_told_with_a_reason_and_changes_nothing(
    running: RunningService, society: str, member: MemberRow, her: FlaskClient, office: FlaskClient
) -> None:
    ask(her, "name", **NAME)
    row = request_of(running, society)
    silent = decide(office, row, "refuse", answer="")
    assert silent.status_code == 422 and 'id="e-answer"' in silent.text
    assert decide(office, row, "refuse", answer="書類が必要です").status_code == 303
    (decided,) = [message for message in said(running) if isinstance(message, RequestDecided)]
    assert (decided.accepted, decided.answer, decided.person_id) == (False, "書類が必要です", member.id)
    assert "書類が必要です" in her.get(MINE).text
    assert members_of(running, society)[0].name == "髙橋 花子"
    assert decide(office, row, "accept").status_code == 409, "decided once"


@pytest.mark.rule("M13+")
def test_of_each_kind_one_waits_and_can_be_taken_back(
    running: RunningService, society: str, member: MemberRow, her: FlaskClient, office: FlaskClient
) -> None:
    ask(her, "name", **NAME)
    assert ask(her, "name", **NAME).status_code == 409
    row = request_of(running, society)
    assert post(her, f"{MINE}/{row.id}/take-back", page=MINE).status_code == 303
    assert decide(office, row, "accept").status_code == 409
    assert ask(her, "name", **NAME).status_code == 303
    assert members_of(running, society)[0].name == "髙橋 花子"


def test_nobody_takes_back_the_request_of_another(
    running: RunningService, society: str, her: FlaskClient, as_role: LogIn
) -> None:
    ask(her, "name", **NAME)
    row = request_of(running, society)
    other = as_role(Role.MEMBER, person=a_member(running, society, name="他 人").id)
    assert post(other, f"{MINE}/{row.id}/take-back", page=MINE).status_code == 404
    assert post(her, f"{MINE}/{row.id}/take-back", page=MINE).status_code == 303
    assert post(other, f"{MINE}/{row.id}/take-back", page=MINE).status_code == 404, "decided ones, too"
    assert "鈴木" not in other.get(MINE).text
    stranger = as_role(Role.AFFAIRS, society_id=make_society(running, "hokushin"))
    assert stranger.get(f"{OFFICE}/{row.id}").status_code == 404
    assert "髙橋" not in stranger.get(OFFICE).text


@pytest.mark.parametrize(
    ("kind", "form", "field"),
    [
        ("name", {"name": ""}, "name"),
        ("name", {**NAME, "kana": "漢字"}, "kana"),
        ("name", {"name": "髙橋 花子", "kana": "タカハシ ハナコ"}, "name"),
        ("leave", {}, "day"),
        ("leave", {"day": "2020-01-01"}, "day"),
        ("withdrawal", {"day": "2026-02-30"}, "day"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    running: RunningService, society: str, her: FlaskClient, kind: str, form: dict[str, str], field: str
) -> None:
    answer = ask(her, kind, **form)
    assert answer.status_code == 422 and f'id="e-{field}"' in answer.text
    assert [message for message in said(running) if isinstance(message, RequestMade)] == []


@pytest.mark.parametrize(("standing", "kind"), [("on_leave", "leave"), ("leaving", "withdrawal"), ("applying", "name")])
def test_what_makes_no_sense_cannot_be_asked_for(
    running: RunningService, society: str, standing: str, kind: str
) -> None:
    person = a_member(running, society, standing=standing)
    with pytest.raises(NotFound), running.unit(society) as uow:
        make_request(uow, person.id, kind, {**NAME, "day": uow.today}, reason="")


@pytest.mark.rule("W4")
def test_integrators_decide_too(running: RunningService, society: str, her: FlaskClient, office: FlaskClient) -> None:
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    ask(her, "name", **NAME)
    (waiting,) = office.get("/members/api/requests", headers=token).get_json()
    assert (waiting["kind"], waiting["asked"]["name"]) == ("name", "鈴木 花子")
    address = f"/members/api/requests/{waiting['id']}"
    assert office.post(f"{address}/refuse", json={}, headers=token).status_code == 422
    assert office.post(f"{address}/accept", json={}, headers=token).get_json()["state"] == "accepted"
    assert office.get("/members/api/requests", headers=token).get_json() == []
