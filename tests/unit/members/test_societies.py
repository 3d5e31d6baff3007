"""The operators' pages for societies: made with a link, suspended and resumed; nothing of people is seen."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from shared import clock
from shared.audit import AuditRow
from shared.identity import Role
from shared.messages.members import SocietyChanged
from shared.service import RunningService
from shared.society import SocietyRow
from tests.unit.members.conftest import LogIn, a_member, log_in, make_society, post, said, with_account

PAGE = "/members/operator/societies"
API = "/members/api/societies"
NEW = {"name": "北辰学会", "name_en": "Hokushin Society", "slug": "hokushin", "fiscal_year_starts": "4", "days": "3"}
FIRST = {
    "name": "管理 花子",
    "email": "first@example.org",
    "password": "four words in a row",
    "again": "four words in a row",
}


@pytest.fixture
def operator(as_role: LogIn) -> FlaskClient:
    return as_role(Role.OPERATOR)


def link_in(answer: Any) -> str:
    found = re.search(r"http://localhost(/members/setup/[\w-]+)", unescape(answer.text))
    assert found, answer.text
    return found[1]


def create(operator: FlaskClient, **changes: str) -> tuple[str, str]:
    """Its page and the path of the link."""
    answer = post(operator, PAGE, **(NEW | changes))
    assert answer.status_code == 200
    found = re.search(rf'action="({PAGE}/[\w-]+)/suspend"', answer.text)
    assert found
    return found[1], link_in(answer)


def trail(running: RunningService, slug: str) -> list[tuple[str, str]]:
    with running.session(reading=True) as session:
        society = session.scalars(sa.select(SocietyRow.id).where(SocietyRow.slug == slug)).one()
    with running.unit(society, reading=True) as uow:
        entries = uow.session.scalars(sa.select(AuditRow).order_by(AuditRow.id)).all()
        return [(entry.action, entry.actor_name) for entry in entries]


@pytest.mark.rule("W3")
def test_an_operator_makes_a_society_whose_first_administrator_comes_by_a_link(
    app: Flask, operator: FlaskClient, running: RunningService
) -> None:
    page, link = create(operator)
    assert "登録待ち" in operator.get(page).text
    browser = app.test_client()
    form = browser.get(link).text
    assert "北辰学会" in form and 'name="slug"' not in form
    assert post(browser, link, page=link, **FIRST).status_code == 303
    assert browser.get("/members/console/staff").status_code == 200
    assert log_in(app.test_client(), FIRST["email"], FIRST["password"], society="hokushin").status_code == 303
    assert app.test_client().get(link).status_code == 410
    shown = operator.get(page).text
    assert "登録待ち" not in shown and "管理 花子" not in shown
    assert trail(running, "hokushin") == [
        ("create-society", "事務局 花子"),
        ("issue-setup-link", "事務局 花子"),
        ("found-society", ""),
    ]


@pytest.mark.rule("W3")
def test_only_the_newest_link_works_until_it_runs_out_and_none_beside_an_administrator(
    app: Flask, operator: FlaskClient
) -> None:
    page, old = create(operator)
    new = link_in(post(operator, f"{page}/setup-link"))
    assert app.test_client().get(old).status_code == 410
    with clock.travel(by=timedelta(days=2, hours=23)):
        assert app.test_client().get(new).status_code == 200
    with clock.travel(by=timedelta(days=3, minutes=1)):
        answer = app.test_client().get(new)
        assert answer.status_code == 410 and "運用担当者" in answer.text
    assert post(app.test_client(), new, page=new, **FIRST).status_code == 303
    answer = post(operator, f"{page}/setup-link")
    assert answer.status_code == 409 and "すでに管理者がいます" in answer.text


@pytest.mark.rule("W3")
def test_what_cannot_be_made_is_named(operator: FlaskClient, society: str, running: RunningService) -> None:
    for wrong, words in (
        ({"slug": "kaisei"}, "すでに"),
        ({"slug": "Big Letters"}, "slug"),
        ({"email": "nobody"}, "email"),
    ):
        answer = post(operator, PAGE, **(NEW | wrong))
        assert answer.status_code in (409, 422) and words in answer.text
    assert post(operator, f"{PAGE}/{society}/suspend").status_code == 422  # without a reason
    assert len(running.societies()) == 1


@pytest.mark.rule("W3")
def test_operators_see_counts_and_nothing_of_people(
    operator: FlaskClient, running: RunningService, society: str, as_role: LogIn
) -> None:
    member = a_member(running, society, email="hanako@example.jp")
    with_account(running, society, member, "x", ["administrator"])
    a_member(running, society, name="鈴木 申", standing="applying")
    seen = operator.get(API).get_json()
    assert [(each["slug"], each["state"], each["members"]) for each in seen] == [("kaisei", "active", 1)]
    shown = operator.get(PAGE).text + operator.get(f"{PAGE}/{society}").text + str(seen)
    assert "髙橋" not in shown and "hanako@" not in shown and "鈴木" not in shown
    for page in ("/members/console/members", f"/members/console/members/{member.id}", "/members/console/audit"):
        assert operator.get(page).status_code == 403, page


@pytest.mark.rule("W3")
def test_a_suspended_society_is_closed_to_all_but_operators_and_nothing_is_lost(
    app: Flask, as_role: LogIn, operator: FlaskClient, running: RunningService, society: str, hashed: str
) -> None:
    member = a_member(running, society, email="hanako@example.jp")
    with_account(running, society, member, hashed)
    mine = app.test_client()
    log_in(mine, "hanako@example.jp")
    staff, other = as_role(Role.ADMINISTRATOR), as_role(Role.ADMINISTRATOR, society_id=make_society(running, "other"))
    for _twice in range(2):
        assert post(operator, f"{PAGE}/{society}/suspend", reason="契約終了").status_code == 303
    for browser, page in ((staff, "/members/console/members"), (mine, "/members/my/"), (mine, "/members/api/me")):
        answer = browser.get(page)
        assert answer.status_code == 403 and "停止されています" in answer.get_data(as_text=True), page
    assert staff.get("/members/api/members").get_json()["type"].endswith("society-suspended")
    assert app.test_client().get("/members/apply?society=kaisei").status_code == 403
    assert other.get("/members/console/members").status_code == 200
    assert "契約終了" in operator.get(f"{PAGE}/{society}").text

    assert post(operator, f"{PAGE}/{society}/resume", reason="再契約").status_code == 303
    assert mine.get("/members/my/").status_code == 200 and staff.get("/members/console/members").status_code == 200
    changes = [m.society for m in said(running) if isinstance(m, SocietyChanged) and m.society.slug == "kaisei"]
    assert [(each.revision, each.suspended) for each in changes] == [(1, False), (2, True), (3, False)]
    assert [action for action, _ in trail(running, "kaisei")][-2:] == ["suspend-society", "resume-society"]


@pytest.mark.rule("W3")
def test_what_is_due_rests_while_a_society_is_suspended(running: RunningService, society: str) -> None:
    other = make_society(running, "other")
    with running.session() as session:
        session.execute(sa.update(SocietyRow).where(SocietyRow.id == society).values(suspended=True))
    assert running.societies(at_work=True) == [other]
    assert set(running.societies()) == {society, other}


@pytest.mark.rule("W3")
def test_operators_tools_do_the_same(operator: FlaskClient, app: Flask) -> None:
    token = {"X-CSRFToken": re.findall(r'name="csrf_token" value="([^"]+)"', operator.get(f"{PAGE}/new").text)[0]}
    made = operator.post(API, json={key: NEW[key] for key in ("name", "name_en", "slug")}, headers=token)
    assert made.status_code == 201
    one = f"{API}/{made.get_json()['id']}"
    assert operator.get(one).get_json()["state"] == "waiting"
    again = operator.post(f"{one}/setup-link", json={"days": 1}, headers=token).get_json()["setup_link"]
    assert app.test_client().get(made.get_json()["setup_link"].removeprefix("http://localhost")).status_code == 410
    assert app.test_client().get(again.removeprefix("http://localhost")).status_code == 200
    assert operator.put(f"{one}/suspension", json={"reason": "x"}, headers=token).get_json()["state"] == "suspended"
    assert operator.delete(f"{one}/suspension", json={"reason": "x"}, headers=token).get_json()["state"] == "waiting"
    assert operator.post(API, json=NEW | {"extra": 1}, headers=token).status_code == 422
