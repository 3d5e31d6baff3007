"""The office and applications: admit, withdraw, apply for somebody, take a link back (M4, M5), write the terms."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.members.applications.terms import publish_terms, terms_in_force
from services.members.histories.coming import let_standings_come
from services.members.models import MemberRow
from shared import clock
from shared.identity import Role
from shared.messages.members import ApplicationReceived, MemberAdmitted
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, histories, members_of, post, said, short, today
from tests.unit.members.test_applying import link_of, reason, send

PAGE = "/members/console/applications"
PROXY = {"name": "代理 花子", "category": "regular", "standing": "applying", "language": "ja"}


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.AFFAIRS)


@pytest.fixture
def terms(running: RunningService, society: str) -> int:
    with running.unit(society) as uow:
        return publish_terms(uow, text="会員規約").edition


def standings(running: RunningService, society: str) -> dict[str, str]:
    return {row.name: row.standing for row in members_of(running, society)}


def told_admissions(running: RunningService) -> list[MemberAdmitted]:
    return [message for message in said(running) if isinstance(message, MemberAdmitted)]


@pytest.mark.rule("M5")
def test_all_chosen_are_admitted_and_told(running: RunningService, society: str, office: FlaskClient) -> None:
    people = [a_member(running, society, name=f"申請 {n}", standing="applying") for n in range(3)]
    assert all(person.name in office.get(PAGE).text for person in people)
    day = today(running, society)
    chosen = [person.id for person in people[:2]]
    assert post(office, f"{PAGE}/admissions", page=PAGE, id=chosen, joined_on=day.isoformat()).status_code == 303
    assert standings(running, society) == {"申請 0": "active", "申請 1": "active", "申請 2": "applying"}
    told = told_admissions(running)
    assert {message.person_id for message in told} == set(chosen)
    assert {message.joined_on for message in told} == {day}


@pytest.mark.rule("M5")
def test_the_day_of_joining_may_be_that_of_the_application(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    person = a_member(running, society, standing="applying")
    form = {"id": [person.id], "joined_on": today(running, society).isoformat()}
    assert post(office, f"{PAGE}/admissions", page=PAGE, **form).status_code == 303
    assert histories(running, society) == {person.name: [("active", today(running, society))]}


@pytest.mark.rule("M5")
def test_a_day_of_joining_to_come_is_kept_and_comes_by_itself(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    person = a_member(running, society, standing="applying")
    begins = today(running, society) + timedelta(days=100)
    form = {"id": [person.id], "joined_on": begins.isoformat()}
    assert post(office, f"{PAGE}/admissions", page=PAGE, **form).status_code == 303
    assert standings(running, society) == {person.name: "applying"} and not told_admissions(running)
    assert short(begins) in office.get(PAGE).text
    with clock.travel(by=timedelta(days=100)), running.unit(society) as uow:
        let_standings_come(uow)
    (row,) = members_of(running, society)
    assert (row.standing, row.joined_on) == ("active", begins)
    assert [message.joined_on for message in told_admissions(running)] == [begins]


def test_who_is_admitted_for_a_day_to_come_may_still_withdraw(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    person = a_member(running, society, standing="applying")
    form = {"id": [person.id], "joined_on": (today(running, society) + timedelta(days=9)).isoformat()}
    post(office, f"{PAGE}/admissions", page=PAGE, **form)
    assert post(office, f"{PAGE}/{person.id}/withdraw", page=PAGE).status_code == 303
    with clock.travel(by=timedelta(days=10)), running.unit(society) as uow:
        let_standings_come(uow)
    assert standings(running, society) == {person.name: "withdrawn_application"}


def test_two_who_decide_at_once_do_not_both(running: RunningService, society: str, office: FlaskClient) -> None:
    people = [a_member(running, society, name=f"申請 {n}", standing="applying") for n in range(2)]
    assert post(office, f"{PAGE}/{people[0].id}/withdraw", page=PAGE).status_code == 303
    ids = [person.id for person in people]
    late = post(office, f"{PAGE}/admissions", page=PAGE, id=ids, joined_on="2026-01-01")
    assert late.status_code == 409 and people[0].name in late.text
    assert standings(running, society) == {"申請 0": "withdrawn_application", "申請 1": "applying"}, "all or none"
    assert not told_admissions(running)


def test_nobody_chosen_is_said(office: FlaskClient, society: str) -> None:
    assert post(office, f"{PAGE}/admissions", page=PAGE, joined_on="2026-01-01").status_code == 422


@pytest.mark.rule("M4")
def test_an_application_by_proxy_is_told_to_the_person_and_waits_for_nobody_s_mail(
    running: RunningService, society: str, office: FlaskClient
) -> None:
    form = {**PROXY, "email": "Wait@example.jp"}
    assert post(office, "/members/console/members", page="/members/console/members/new", **form).status_code == 303
    (received,) = [message for message in said(running) if isinstance(message, ApplicationReceived)]
    assert received.proxy and received.person_id == members_of(running, society)[0].id


@pytest.mark.rule("M4")
@pytest.mark.rule("M4+")
def test_while_a_link_is_valid_the_office_waits_or_takes_it_back(
    app: Flask, running: RunningService, society: str, office: FlaskClient, terms: int
) -> None:
    applicant = app.test_client()
    with clock.travel(by=-timedelta(hours=3, minutes=30)):
        path = link_of(running, applicant, "wait@example.jp")
    form = {
        "name": "代理 花子",
        "category": "regular",
        "standing": "applying",
        "language": "ja",
        "email": "Wait@example.jp",
    }
    new = "/members/console/members/new"
    refused = post(office, "/members/console/members", page=new, **form)
    assert refused.status_code == 409 and "20 時間 29 分" in refused.text
    page = office.get(PAGE).text
    assert "wait@example.jp" in page
    void = page.split(f'action="{PAGE}/links/')[1].split('"')[0]
    assert post(office, f"{PAGE}/links/{void}", page=PAGE).status_code == 303
    assert reason(applicant, path) == "voided"
    assert send(applicant, path).status_code == 410
    assert post(office, "/members/console/members", page=new, **form).status_code == 303


@pytest.mark.rule("M4+")
def test_a_link_that_was_used_meanwhile_is_not_taken_back_and_the_office_is_told_so_in_words_of_its_own(
    app: Flask, running: RunningService, society: str, office: FlaskClient, terms: int
) -> None:
    applicant = app.test_client()
    path = link_of(running, applicant, "quick@example.jp")
    void = office.get(PAGE).text.split(f'action="{PAGE}/links/')[1].split('"')[0]
    assert send(applicant, path).status_code == 303
    late = post(office, f"{PAGE}/links/{void}", page=PAGE)
    assert late.status_code == 409 and "入会申請はすでに届いています" in late.text


@pytest.mark.rule("M4")
def test_after_the_link_has_expired_the_office_may_go_on(
    app: Flask, running: RunningService, society: str, office: FlaskClient, terms: int
) -> None:
    link_of(running, app.test_client(), "late@example.jp")
    with clock.travel(by=timedelta(hours=24, minutes=1)):
        assert a_member(running, society, email="late@example.jp").email == "late@example.jp"


def test_each_edition_of_the_terms_stays(running: RunningService, society: str, office: FlaskClient) -> None:
    page = f"{PAGE}/terms"
    for text in ("第1版の規約", "第2版の規約", "第2版の規約"):
        assert post(office, page, page=page, text=text).status_code == 303
    assert "第1版の規約" in office.get(page).text
    with running.unit(society, reading=True) as uow:
        newest = terms_in_force(uow)
        assert newest is not None and (newest.edition, newest.text) == (2, "第2版の規約")


@pytest.mark.rule("W3")
@pytest.mark.parametrize("role", [Role.READER, Role.ACCOUNTING])
def test_who_only_reads_decides_nothing(
    running: RunningService, society: str, as_role: LogIn, role: Role, terms: int
) -> None:
    person = a_member(running, society, standing="applying")
    reader = as_role(role)
    page = reader.get(PAGE)
    assert page.status_code == 200 and person.name in page.text and "/withdraw" not in page.text
    for path in (f"{PAGE}/admissions", f"{PAGE}/{person.id}/withdraw", f"{PAGE}/terms"):
        form = {"id": person.id, "joined_on": "2026-01-01", "text": "x"}
        assert post(reader, path, page=PAGE, **form).status_code == 403
    with running.unit(society, reading=True) as uow:
        assert uow.get(MemberRow, person.id).standing == "applying"
