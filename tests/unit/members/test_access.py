"""Every page and API of members with real things behind it: open for its roles, and closed to another member and to
another society. That each route says what `shared/capabilities` says: tests/architecture/test_capabilities.py."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members.models import Base, PasswordLinkRow
from shared.identity import Role
from shared.ids import new_id
from shared.service import RunningService
from tests.unit.members.addresses import Route, routes
from tests.unit.members.conftest import LogIn, a_member, csrf, make_society, post, with_account, work
from tests.unit.members.one_of_each import one_of_each

# what the forms ask for, so that they are not refused before their thing is looked for
FORM = {
    "name": "鈴木",
    "name_en": "x",
    "title": "x",
    "category": "regular",
    "standing": "active",
    "language": "ja",
    "roles": "reader",
    "starts_on": "2030-01-01",
    "answer": "x",
    "label": "x",
    "label_en": "x",
    "type": "line",
    "scopes": "members:read",
    "days": "90",
    "ends_on": "2030-01-01",
}
ASKED = {"standing": "left", "category": "student", "starts_on": "2030-01-01"}  # by the looks before a change of many


@pytest.fixture
def things(running: RunningService, society: str) -> dict[str, str]:
    return one_of_each(running, society)


@pytest.fixture
def known(app: Flask, things: dict[str, str]) -> list[Route]:
    return routes(app, things)


@pytest.mark.rule("S1")
@pytest.mark.rule("W3")
def test_every_page_opens_for_its_roles_only(as_role: LogIn, known: list[Route], things: dict[str, str]) -> None:
    files: set[str] = set()  # are made once, not for each role
    for role in set(Role) - {Role.OPERATOR}:
        acting = {"person": "corporation", "account": "contacts_account"}  # a contact has an account of their own
        acting = acting if role is Role.CONTACT else {"person": "member", "account": "own_account"}
        browser = as_role(role, **{name: things[what] for name, what in acting.items()})
        for page in known:
            if page.method != "GET" or "/second-step" in page.path or page.address in files:  # after the password only
                continue
            with browser.get(page.address, query_string=_query(page)) as answer:
                opened = (200, 303)  # some only choose and go on
                assert answer.status_code in (opened if page.is_for(role) else (403,)), (role, page)
                if answer.headers.get("Content-Disposition"):
                    files.add(page.address)


@pytest.mark.rule("S1")
def test_nobody_comes_in_without_a_login(client: FlaskClient, known: list[Route]) -> None:
    for page in known:
        answer = client.open(page.address, method=page.method)
        if "/api/" in page.path or page.method != "GET":
            assert answer.status_code == 401, page
        else:
            assert answer.location.startswith("/members/login?next=/members/"), page


@pytest.mark.rule("S11")
def test_no_change_without_the_token_of_a_page(as_role: LogIn, known: list[Route], things: dict[str, str]) -> None:
    browser = as_role(*Role, person=things["member"], account=things["own_account"])
    for page in known:
        if page.method != "GET":
            assert browser.open(page.address, method=page.method, json={}).status_code == 403, page


@pytest.mark.rule("S2")
@pytest.mark.rule("S3")
def test_another_societys_things_are_not_there(
    as_role: LogIn, running: RunningService, society: str, known: list[Route], things: dict[str, str]
) -> None:
    stranger = as_role(*Role, person=new_id(), society_id=make_society(running, "hokushin"))
    before = everything_of(running, society)
    for page in known:
        if page.has_id:
            _is_not_there(stranger, page, FORM | {"kind_id": things["kind"]})
    assert everything_of(running, society) == before


@pytest.mark.rule("S2")
def test_another_members_things_are_not_there(
    as_role: LogIn, running: RunningService, society: str, known: list[Route]
) -> None:
    other = a_member(running, society, email="other@example.jp")
    reader = as_role(Role.MEMBER, person=other.id, account=with_account(running, society, other, None))
    before = everything_of(running, society)
    theirs = [page for page in known if "/my/" in page.path and page.has_id and "announcements" not in page.path]
    assert {page.path.split("/")[3] for page in theirs} >= {"certificates", "requests", "security"}
    for page in theirs:
        _is_not_there(reader, page, FORM)
    assert everything_of(running, society) == before


def everything_of(running: RunningService, society: str) -> dict[str, list[Any]]:
    """All rows of a society, by table."""
    found: dict[str, list[Any]] = {}
    with running.session(reading=True) as session:
        for table in Base.metadata.sorted_tables:
            if "society_id" in table.c:
                rows = session.execute(sa.select(table).where(table.c.society_id == society)).all()
                found[table.name] = sorted(map(repr, rows))
    return found


def _is_not_there(browser: FlaskClient, page: Route, form: dict[str, str]) -> None:
    """An API may also refuse what it is sent, before it looks for the thing."""
    if page.method == "GET":
        assert browser.get(page.address, query_string=_query(page)).status_code == 404, page
    elif "/api/" in page.path:
        headers = {"X-CSRFToken": csrf(browser, "/members/password")}
        answer = browser.open(page.address, method=page.method, json={}, headers=headers)
        assert answer.status_code in (404, 422), page
    else:
        assert post(browser, page.address, **form).status_code == 404, page


def _query(page: Route) -> dict[str, str]:
    if page.path.endswith("/addresses"):
        return {"postcode": "1000001"}
    return ASKED if "/api/selections/" in page.path else {}


@pytest.mark.rule("S3")
def test_lists_show_nothing_of_another_society(as_role: LogIn, running: RunningService, things: dict[str, str]) -> None:
    stranger = as_role(Role.ADMINISTRATOR, society_id=make_society(running, "hokushin"))
    for page in (
        "/members/console/members",
        "/members/console/members/export.csv",
        "/members/console/staff",
        "/members/api/members",
    ):
        text = stranger.get(page).get_data(as_text=True)
        assert "髙橋 花子" not in text and "事務 員" not in text, page


@pytest.mark.rule("S3")
def test_invitations_reach_only_ones_own_members(
    as_role: LogIn, running: RunningService, things: dict[str, str]
) -> None:
    stranger = as_role(Role.ADMINISTRATOR, society_id=make_society(running, "hokushin"))
    post(stranger, "/members/console/members/invitations", id=things["member"])
    work(running)
    with running.session(reading=True) as session:
        assert session.scalars(sa.select(PasswordLinkRow.id)).all() == []
