"""People are erased (S36): after the society's time or on request, all of them, with a tombstone for the others."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members.announcements.editing import add_announcement
from services.members.announcements.reading import mark_read
from services.members.applications.links import start_application
from services.members.applications.terms import publish_terms
from services.members.certificates import issue_certificate
from services.members.codes import renew_code
from services.members.erasure import erasing
from services.members.erasure.due import day_of, going_within, keeping_of
from services.members.erasure.erasing import erase_due, erase_on_request
from services.members.errors.erasure import ErasureHeld, NotToBeErased
from services.members.errors.people import NumberInUse
from services.members.histories.coming import begin_histories
from services.members.keeping import NOTICE
from services.members.member_requests import make_request, refuse_request
from services.members.members import tell
from services.members.models import AccountRow, EmailChangeRow, ErasureRow, MemberRow
from services.members.passwords import hash_password
from services.members.records.by_hand import add_record
from services.members.records.kinds import list_kinds
from services.members.saved_searches import save_search
from services.members.search import matching
from services.members.search_conditions import MemberSearch
from services.members.second_factor import begin_set_up
from services.members.standings.history import change_standing
from shared import clock
from shared.audit import AuditRow
from shared.identity import Actor, Role
from shared.messages.members import PersonChanged, PersonErased, SessionsEnded
from shared.people import ERASED
from shared.service import RunningService
from tests.canaries import KEPT_BY_KIT, places
from tests.unit.members.conftest import (
    PASSWORD,
    LogIn,
    a_member,
    csrf,
    log_in,
    post,
    said,
    with_account,
)

LIST = "/members/console/erasure"
CANARIES = ("金糸雀", "カナリヤ", "kanariya")
DAY = timedelta(days=1)
YEARS = timedelta(days=3 * 366 + 1)


@pytest.fixture
def bird(running: RunningService, society: str) -> MemberRow:
    return a_member(
        running,
        society,
        name="金糸雀 鳴子",
        kana="カナリヤ ナルコ",
        roman="Naruko Kanariya",
        email="kanariya@example.org",
        number="K-1",
        affiliation="金糸雀大学",
        address="東京都金糸雀町1-1",
        phone="03-0000-0000",
        note="金糸雀の備考",
        custom={"趣味": "金糸雀"},
        joined_on=date(2020, 4, 1),
    )


def leave(running: RunningService, society: str, person: MemberRow, standing: str = "left") -> None:
    with clock.travel(by=DAY), running.unit(society) as uow:
        change_standing(uow, person.id, standing, uow.today)


def erase(running: RunningService, society: str, *, after: timedelta) -> list[str]:
    """Who is erased when so much time has passed and the ticker has run."""
    with clock.travel(by=after):
        with running.unit(society) as uow:
            erase_due(uow)
        with running.unit(society, reading=True) as uow:
            return list(uow.session.scalars(sa.select(ErasureRow.person_id)))


def live_a_full_life(running: RunningService, society: str, bird: MemberRow, browser: FlaskClient) -> None:
    """Whatever members can hold of somebody."""
    with running.unit(society) as uow:
        publish_terms(uow, text="会則")
        news = add_announcement(uow, {"title": "総会", "body": "", "shown_from": uow.today})
    account = with_account(running, society, bird, hash_password(PASSWORD))
    assert log_in(browser, "kanariya@example.org").status_code == 303
    with running.unit(society, actor=Actor(kind="person", id=account, name="金糸雀 鳴子")) as uow:
        kind = list_kinds(uow)[0].id
        add_record(uow, bird.id, {"kind_id": kind, "title": "金糸雀賞", "starts_on": uow.today, "note": "kanariya"})
        asked = make_request(uow, bird.id, "name", {"name": "金糸雀 改名", "kana": "", "roman": ""}, reason="金糸雀")
        refuse_request(uow, asked.id, answer="金糸雀様")
        issue_certificate(uow, bird.id, "ja")
        renew_code(uow, ("s" * 32,), bird.id)
        begin_set_up(uow, account, ("s" * 32,))
        save_search(uow, MemberSearch(), name="金糸雀の検索")
        mark_read(uow, uow.get(MemberRow, bird.id), news.id)
        times: dict[str, Any] = {"started_at": uow.now, "expires_at": uow.now}
        uow.add(
            EmailChangeRow(
                secret="x", person_id=bird.id, old="kanariya@example.org", new="kanariya@b.org", known=False, **times
            )
        )
    given: dict[str, Any] = {"email": "kanariya@example.org", "language": "ja", "edition": 1, "place": "1.2.3.4"}
    with running.unit(society) as uow:
        start_application(uow, public_url="http://localhost", **given)


@pytest.mark.rule("S36")
def test_nothing_of_somebody_is_left_when_their_time_is_over(
    running: RunningService, society: str, bird: MemberRow, client: FlaskClient
) -> None:
    live_a_full_life(running, society, bird, client)
    leave(running, society, bird)
    before = places(running, CANARIES) - set(KEPT_BY_KIT)
    known = {"members.name", "records.title", "member_requests.asked", "certificates.facts", "email_changes.new"}
    assert known | {"applications.email", "certificates.issued_by", "saved_searches.name"} <= before
    assert erase(running, society, after=YEARS - 10 * DAY) == []
    assert erase(running, society, after=YEARS + DAY) == [bird.id]
    assert places(running, CANARIES) <= set(KEPT_BY_KIT)
    with running.unit(society, reading=True) as uow:
        assert uow.session.scalars(sa.select(AccountRow)).all() == []
        trail = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "erase-person")).all()
        assert [(entry.subject, entry.after) for entry in trail] == [(f"member/{bird.id}", {"cause": "time"})]
        assert uow.session.scalars(matching(MemberSearch())).all() == []
    told = [each for each in said(running) if isinstance(each, PersonErased)]
    newest = max(each.person.revision for each in said(running) if isinstance(each, PersonChanged))
    assert [each.person_id for each in told] == [bird.id] and told[0].revision > newest
    assert erase(running, society, after=YEARS + 2 * DAY) == [bird.id], "once"
    assert len([each for each in said(running) if isinstance(each, PersonErased)]) == 1


@pytest.mark.rule("S36")
def test_a_tombstone_stays_one_and_its_number_stays_used(
    running: RunningService, society: str, bird: MemberRow, as_role: LogIn
) -> None:
    leave(running, society, bird)
    assert erase(running, society, after=YEARS + DAY) == [bird.id]
    with pytest.raises(NumberInUse):
        a_member(running, society, name="別人", number="K-1")
    with running.unit(society) as uow:
        begin_histories(uow)
        tell(uow, uow.get(MemberRow, bird.id))  # whoever still says them says nobody
    assert not any("金糸雀" in each.person.name for each in said(running)[-1:] if isinstance(each, PersonChanged))
    office = as_role(Role.AFFAIRS)
    page = office.get(f"/members/console/members/{bird.id}").text
    assert "消去済み" in page and "金糸雀" not in page
    answer = post(office, f"/members/console/members/{bird.id}/edit", name="金糸雀 鳴子", category="regular")
    assert answer.status_code == 410
    again = post(office, f"/members/console/members/{bird.id}/standings", standing="active", starts_on="2030-01-01")
    assert again.status_code == 404
    assert office.get(f"/members/console/members/{bird.id}/erasure").status_code == 200


@pytest.mark.rule("S36")
def test_withdrawn_applications_go_after_a_month_and_members_never(running: RunningService, society: str) -> None:
    member = a_member(running, society, name="在会 花子")
    applicant = a_member(running, society, name="申請 太郎", standing="applying")
    leave(running, society, applicant, "withdrawn_application")
    assert erase(running, society, after=31 * DAY) == []
    assert erase(running, society, after=32 * DAY) == [applicant.id]
    with running.unit(society) as uow, pytest.raises(NotToBeErased):
        erase_on_request(uow, member.id)


@pytest.mark.rule("S36")
def test_many_are_erased_so_many_at_a_time(
    running: RunningService, society: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "AT_ONCE", 2)
    for name in ("一", "二", "三"):
        leave(running, society, a_member(running, society, name=name))
    assert [len(erase(running, society, after=YEARS + DAY)) for _ in range(3)] == [2, 3, 3]


@pytest.mark.rule("S36")
def test_a_shorter_time_is_announced_and_the_list_says_who_goes_when(
    running: RunningService, society: str, bird: MemberRow, as_role: LogIn
) -> None:
    leave(running, society, bird)
    later = timedelta(days=400)
    with clock.travel(by=later):
        office, reader = as_role(Role.ADMINISTRATOR), as_role(Role.READER)
        assert post(office, LIST, page=LIST, years="11").status_code == 422
        assert post(office, LIST, page=LIST, years="1").status_code == 303
        with running.unit(society, reading=True) as uow:
            goes = uow.today + NOTICE
            assert [(going.count, going.first) for going in going_within(uow)] == [(1, goes)]
            assert day_of(uow, bird.id) == goes
        page = reader.get(LIST).text
        assert "金糸雀 鳴子" in page and f"{goes:%Y/%m/%d}" in page and "まで" in page
        assert "金糸雀 鳴子" in reader.get(f"{LIST}/export.csv?by={goes}").get_data(as_text=True)
        assert "金糸雀 鳴子" not in reader.get(f"{LIST}/export.csv?by={goes - DAY}").get_data(as_text=True)
        assert f"{goes:%Y}" in reader.get(f"/members/console/members/{bird.id}/erasure").text
    assert erase(running, society, after=later + NOTICE - DAY) == []
    assert erase(running, society, after=later + NOTICE) == [bird.id]
    with clock.travel(by=later + NOTICE):
        assert bird.id in as_role(Role.ADMINISTRATOR).get(f"{LIST}/erased.csv").get_data(as_text=True)
        api = as_role(Role.ADMINISTRATOR).get("/members/api/erasures?limit=1").get_json()
        assert [each["person_id"] for each in api["erasures"]] == [bird.id] and api["next"] is None
        before = said(running)[-1]
        assert post(as_role(Role.ADMINISTRATOR), f"{LIST}/tell").status_code == 303
        assert isinstance(before, PersonErased) and said(running)[-1] == before, "for who was restored"


@pytest.mark.rule("S36")
def test_whoever_is_held_back_stays_until_released(
    running: RunningService, society: str, bird: MemberRow, as_role: LogIn
) -> None:
    leave(running, society, bird)
    office, page = as_role(Role.AFFAIRS), f"/members/console/members/{bird.id}/erasure"
    assert post(office, f"{page}/hold", reason=" ").status_code == 422
    assert post(office, f"{page}/hold", reason="会費が未納のため").status_code == 303
    assert "会費が未納のため" in office.get(page).text
    assert erase(running, society, after=2 * YEARS) == []
    with clock.travel(by=2 * YEARS):
        office = as_role(Role.AFFAIRS)
        assert "会費が未納のため" in office.get(f"{LIST}?held=yes").text
        with running.unit(society) as uow, pytest.raises(ErasureHeld):
            erase_on_request(uow, bird.id)
        header = {"X-CSRFToken": csrf(office, "/members/password")}
        put = office.put(f"/members/api/members/{bird.id}/hold", json={"reason": "係争中"}, headers=header)
        assert put.get_json()["reason"] == "係争中"
        assert office.delete(f"/members/api/members/{bird.id}/hold", headers=header).status_code == 204
    assert erase(running, society, after=2 * YEARS) == [bird.id]


@pytest.mark.rule("S36")
@pytest.mark.rule("W3")
def test_only_an_administrator_erases_on_request_and_with_the_password(
    running: RunningService, society: str, bird: MemberRow, app: Flask, hashed: str, as_role: LogIn
) -> None:
    affairs = as_role(Role.AFFAIRS)
    header = {"X-CSRFToken": csrf(affairs, "/members/password")}
    for what in ("erasure", "data"):
        refused = affairs.post(f"/members/api/members/{bird.id}/{what}", json={"password": PASSWORD}, headers=header)
        assert refused.status_code == 403, what
    admin = a_member(running, society, name="管理 花子", email="admin@example.org")
    with_account(running, society, admin, hashed, ["administrator"])
    browser, page = app.test_client(), f"/members/console/members/{bird.id}/erasure"
    assert log_in(browser, "admin@example.org").status_code == 303
    assert "退会" in post(browser, f"{page}/now", password=PASSWORD).text, "still a member"
    leave(running, society, bird)
    assert "本人からの請求" in browser.get(page).text
    assert post(browser, f"{page}/now", password="wrong").status_code == 422
    assert post(browser, f"{page}/now", password=PASSWORD).status_code == 303
    assert post(browser, f"{page}/now", password=PASSWORD).status_code == 410, "a double click"
    assert places(running, ["kanariya@example.org"]) <= set(KEPT_BY_KIT)
    with running.unit(society, reading=True) as uow:
        row = uow.session.scalars(sa.select(ErasureRow)).one()
        assert (row.person_id, row.cause, row.erased_by) == (bird.id, "request", "管理 花子")
    with running.unit(society) as uow, pytest.raises(NotToBeErased):
        erase_on_request(uow, admin.id)
    assert not any(isinstance(each, SessionsEnded) for each in said(running)[-2:]), "nobody else is logged out"


def test_a_time_is_changed_by_the_api(running: RunningService, society: str, as_role: LogIn) -> None:
    office = as_role(Role.ADMINISTRATOR)
    header = {"X-CSRFToken": csrf(office, "/members/password")}
    assert office.get("/members/api/person-keeping").get_json()["years"] == 3
    assert office.put("/members/api/person-keeping", json={"years": 5}, headers=header).get_json()["years"] == 5
    with running.unit(society, reading=True) as uow:
        assert keeping_of(uow).years_on(uow.today) == 5


@pytest.mark.rule("S36")
def test_who_left_long_ago_and_comes_by_a_roster_is_seen_before_they_go(running: RunningService, society: str) -> None:
    long_ago = a_member(
        running, society, name="昔 退会", standing="left", joined_on=date(2001, 4, 1), leaves_on=date(2010, 3, 31)
    )
    for days, kind in ((0, "individual"), (28, "individual"), (32, ERASED)):
        with clock.travel(by=timedelta(days=days)), running.unit(society) as uow:
            erase_due(uow)
        with running.unit(society, reading=True) as uow:
            assert uow.get(MemberRow, long_ago.id).kind == kind, days
