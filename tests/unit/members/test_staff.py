"""Staff accounts, the first administrator, invitations, the demo society."""

from __future__ import annotations

from datetime import timedelta
from time import perf_counter

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members import demo as members_demo
from services.members.accounts import change_roles, invite_staff, list_staff
from services.members.errors.logins import LastAdministrator
from services.members.invitations import start_invitations
from services.members.members import change_member
from services.members.models import AccountRow, MemberRow, PasswordLinkRow
from services.members.setup import setup_link
from shared import clock, demo, jobs
from shared.errors import Forbidden
from shared.identity import Actor, Role
from shared.messages.members import PasswordResetStarted, PersonChanged, SocietyChanged
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, csrf, log_in, members_of, post, said, with_account, work

NEW = "another long password"
SETUP = {
    "society_name": "日本集い学会",
    "society_name_en": "Tsudoi Society",
    "slug": "tsudoi",
    "society_email": "office@example.org",
    "fiscal_year_starts": "4",
    "name": "管理 者",
    "email": "admin@example.org",
    "password": NEW,
    "again": NEW,
}


def welcomes(running: RunningService) -> list[PasswordResetStarted]:
    return [message for message in said(running) if isinstance(message, PasswordResetStarted)]


@pytest.mark.rule("W3")
def test_invited_staff_set_a_password_and_work(
    app: Flask, running: RunningService, society: str, as_role: LogIn
) -> None:
    admin = as_role(Role.ADMINISTRATOR)
    answer = post(
        admin, "/members/console/staff", name="会計 太郎", email="Kaikei@example.org", roles="accounting", language="ja"
    )
    assert answer.status_code == 303
    (message,) = welcomes(running)
    person = next(m.person for m in said(running) if isinstance(m, PersonChanged))
    assert (message.welcome, person.id, person.kind, person.email) == (
        True,
        message.person_id,
        "guest",
        "kaikei@example.org",
    )
    browser = app.test_client()
    assert (
        post(browser, message.link.removeprefix("http://localhost"), password=NEW, again=NEW).location
        == "/billing/console/"
    )
    assert browser.get("/members/console/members").status_code == 200
    assert browser.get("/members/my/").status_code == 403  # staff only, no member
    assert "会計 太郎" not in browser.get("/members/console/members").text.split("<main")[1]


@pytest.mark.rule("W3")
def test_the_audit_trail_tells_who_got_which_roles(as_role: LogIn, society: str) -> None:
    admin = as_role(Role.ADMINISTRATOR)
    post(admin, "/members/console/staff", name="会計 太郎", email="k@example.org", roles=["accounting", "reader"])
    page = admin.get("/members/console/audit?action=invite-staff")
    assert page.status_code == 200
    assert "会計担当" in page.text.split("<main")[1] and "閲覧のみ" in page.text.split("<main")[1]


def test_a_member_who_becomes_staff_keeps_one_account(
    running: RunningService, society: str, hashed: str, client: FlaskClient
) -> None:
    row = a_member(running, society, email="hanako@example.jp")
    account = with_account(running, society, row, hashed)
    with running.unit(society) as uow:
        invited = invite_staff(
            uow, email="HANAKO@example.jp", name="x", roles=[Role.EVENTS], public_url="http://localhost"
        )
        assert invited.id == account
    assert welcomes(running) == []
    assert log_in(client, "hanako@example.jp").location == "/events/console/events"
    assert client.get("/members/my/").status_code == 200


def test_roles_that_are_not_staffs_are_refused(as_role: LogIn, society: str) -> None:
    admin = as_role(Role.ADMINISTRATOR)
    for roles in ("operator", "member", ""):
        assert post(admin, "/members/console/staff", name="x", email="x@example.org", roles=roles).status_code == 422


def test_the_last_administrator_stays(running: RunningService, society: str, hashed: str, client: FlaskClient) -> None:
    id = with_account(running, society, a_member(running, society, email="a@example.org"), hashed, ["administrator"])
    with pytest.raises(LastAdministrator), running.unit(society) as uow:
        change_roles(uow, id, [Role.READER])
    log_in(client, "a@example.org")
    answer = post(client, f"/members/console/staff/{id}", page=f"/members/console/staff/{id}", roles="reader")
    assert answer.status_code == 422
    with running.unit(society, reading=True) as uow:
        assert list_staff(uow)[0][0].roles == ["administrator"]


@pytest.mark.rule("M11")
def test_all_members_without_a_password_are_invited_once(running: RunningService, society: str, hashed: str) -> None:
    for number in range(5):
        a_member(running, society, number=str(number), email=f"m{number}@example.jp")
    a_member(running, society, number="no address")
    a_member(running, society, number="left", email="left@example.jp", standing="left")
    with_account(running, society, a_member(running, society, number="has", email="has@example.jp"), hashed)
    with running.unit(society) as uow:
        job = start_invitations(uow)
        assert job.total == 5
    work(running)
    assert len(welcomes(running)) == 5
    assert len({message.link for message in welcomes(running)}) == 5
    with running.unit(society, reading=True) as uow:
        assert jobs.look(uow, job.id).result == {"invited": 5}
        assert uow.session.scalar(sa.select(sa.func.count()).select_from(AccountRow)) == 6


def test_invitations_of_more_than_one_chunk(
    running: RunningService, society: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.members.invitations.CHUNK", 2)
    ids = [a_member(running, society, email=f"m{number}@example.jp").id for number in range(5)]
    with running.unit(society) as uow:
        start_invitations(uow, ids=ids[:4])
    work(running)
    assert [message.person_id for message in welcomes(running)] == ids[:4]


def test_a_second_invitation_voids_the_first(running: RunningService, society: str, client: FlaskClient) -> None:
    a_member(running, society, email="m@example.jp")
    for _ in range(2):
        with running.unit(society) as uow:
            start_invitations(uow)
        work(running)
    first, second = (message.link.removeprefix("http://localhost") for message in welcomes(running))
    assert client.get(first).status_code == 410
    assert client.get(second).status_code == 200


def test_staff_invite_from_the_list_and_see_the_result(running: RunningService, society: str, as_role: LogIn) -> None:
    row = a_member(running, society, email="m@example.jp")
    staff = as_role(Role.AFFAIRS)
    answer = post(staff, "/members/console/members/invitations", page="/members/console/members/new", id=row.id)
    work(running)
    assert "1 件のログイン案内を送信しました" in staff.get(answer.location).text
    single = post(staff, f"/members/console/members/{row.id}/invite", page="/members/console/members/new")
    assert single.status_code == 303
    assert len(welcomes(running)) == 2


def test_the_first_administrator_founds_the_society(running: RunningService, client: FlaskClient) -> None:
    link = setup_link(running, "http://localhost:8000/")
    assert link is not None and link.startswith("http://localhost:8000/members/setup/")
    path = link.removeprefix("http://localhost:8000")
    assert client.get(path).status_code == 200
    answer = post(client, path, page=path, **SETUP)
    assert answer.status_code == 303, answer.text
    assert client.get("/members/console/staff").status_code == 200
    (society,) = (message.society for message in said(running) if isinstance(message, SocietyChanged))
    assert (society.slug, society.name, society.revision) == ("tsudoi", "日本集い学会", 1)
    assert setup_link(running, "http://localhost:8000") is None
    assert client.get(path).status_code == 410
    assert log_in(client.application.test_client(), "admin@example.org", NEW).status_code == 303


def test_a_setup_link_works_once_and_only_the_newest(running: RunningService, app: Flask) -> None:
    old, new = (str(setup_link(running, "http://localhost")).removeprefix("http://localhost") for _ in range(2))
    browser = app.test_client()
    assert browser.get(old).status_code == 410
    first, second = app.test_client(), app.test_client()
    tokens = csrf(first, new), csrf(second, new)
    assert first.post(new, data={**SETUP, "csrf_token": tokens[0]}).status_code == 303
    assert second.post(new, data={**SETUP, "slug": "other", "csrf_token": tokens[1]}).status_code == 410
    assert len(running.societies()) == 1


def test_a_setup_link_runs_out(running: RunningService, client: FlaskClient) -> None:
    path = str(setup_link(running, "http://localhost")).removeprefix("http://localhost")
    with clock.travel(by=timedelta(hours=25)):
        assert client.get(path).status_code == 410


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Big Letters"),
        ("email", "nobody"),
        ("password", "short"),
        ("again", "other"),
        ("fiscal_year_starts", "13"),
    ],
)
def test_a_wrong_setup_founds_nothing(running: RunningService, client: FlaskClient, field: str, value: str) -> None:
    path = str(setup_link(running, "http://localhost")).removeprefix("http://localhost")
    assert post(client, path, page=path, **{**SETUP, field: value}).status_code == 422
    assert running.societies() == []
    assert post(client, path, page=path, **SETUP).status_code == 303


def test_the_demo_is_filled_once_and_quickly(running: RunningService, app: Flask) -> None:
    started = perf_counter()
    members_demo.fill(running)
    assert perf_counter() - started < 4
    people = [message.person for message in said(running) if isinstance(message, PersonChanged)]
    members = [person for person in people if person.kind == "individual"]
    assert len(members) == 300
    assert {"regular", "student", "honorary"} == {person.category for person in members}
    assert (
        any("髙" in p.name for p in members)
        and any("𠮷" in p.name for p in members)
        and any("﨑" in p.name for p in members)
    )
    assert {"ja", "en"} == {person.language for person in members}
    assert any(person.standing == "leaving" and person.leaves_on for person in members)
    assert all(person.kana and person.roman for person in members)
    heard = len(said(running))
    members_demo.fill(running)
    assert len(said(running)) == heard
    assert len(members_of(running, demo.SOCIETY)) == 306
    for _, email, password in members_demo.logins():
        assert log_in(app.test_client(), email, password).status_code == 303


def test_secrets_of_invitations_are_digests(running: RunningService, society: str) -> None:
    row = a_member(running, society, email="m@example.jp")
    with running.unit(society) as uow:
        start_invitations(uow)
    work(running)
    token = welcomes(running)[0].link.rpartition("/")[2]
    with running.unit(society, reading=True) as uow:
        link = uow.session.scalars(sa.select(PasswordLinkRow)).one()
        assert link.secret != token and len(link.secret) == 64
        assert uow.get(MemberRow, row.id).email == link.address


def test_only_administrators_move_the_address_of_staff(running: RunningService, society: str, hashed: str) -> None:
    """Password links go there: member affairs would climb to the roles of whoever they redirect."""
    chief, clerk = (a_member(running, society, email=f"{name}@example.jp") for name in ("chief", "clerk"))
    admin = with_account(running, society, chief, hashed, [Role.ADMINISTRATOR.value])
    affairs = with_account(running, society, clerk, hashed, [Role.AFFAIRS.value])
    with pytest.raises(Forbidden), running.unit(society, actor=Actor(kind="person", id=affairs)) as uow:
        change_member(uow, chief.id, {"email": "mine@example.jp"})
    with running.unit(society, actor=Actor(kind="person", id=affairs)) as uow:
        change_member(uow, chief.id, {"phone": "03-0000-0000", "email": "chief@example.jp"})
    with running.unit(society, actor=Actor(kind="person", id=admin)) as uow:
        assert change_member(uow, clerk.id, {"email": "new@example.jp"}).email == "new@example.jp"
