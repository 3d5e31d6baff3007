"""Other programs of a society 外部連携 (W4): keys, tokens and what they may be used for; the description of the API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members.errors.integrations import EnoughKeys, IntegrationStopped
from services.members.integrations import SCOPES, add_integration, add_key, change_integration, living_keys, remove_key
from services.members.integrations import stop_integration as stop
from services.members.models import IntegrationRow
from shared import clock
from shared.audit import AuditRow
from shared.identity import Role
from shared.messages.members import SessionsEnded
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, make_society, post, said

PAGES = "/members/console/integrations"
API = "/members/api/integrations"
TOKEN = "/members/api/token"
MEMBERS = "/members/api/members"
GRANT = {"grant_type": "client_credentials"}


@dataclass(frozen=True)
class Program:
    """What its makers were given."""

    browser: FlaskClient
    id: str
    secret: str

    def token(self, **form: str) -> Any:
        return self.browser.post(TOKEN, data={**GRANT, **form}, auth=(self.id, self.secret))

    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token().get_json()['access_token']}"}


@pytest.fixture
def office(as_role: LogIn) -> FlaskClient:
    return as_role(Role.ADMINISTRATOR)


@pytest.fixture
def program(app: Flask, running: RunningService, society: str) -> Program:
    """May look at members, as who looks after them."""
    with running.unit(society) as uow:
        row, secret = add_integration(
            uow, name="名簿アプリ", roles=[Role.AFFAIRS], scopes=["members:read", "billing:read"], days=90
        )
        return Program(app.test_client(), row.id, secret)


@pytest.mark.rule("W4")
def test_a_program_is_registered_on_the_page_and_works_with_its_key(
    running: RunningService, society: str, office: FlaskClient, client: FlaskClient
) -> None:
    a_member(running, society, name="髙橋 花子")
    drawn = re.search(r'name="id" value="([^"]+)"', office.get(f"{PAGES}/new").text)
    assert drawn
    form = {"id": drawn[1], "name": "会計ソフト", "roles": "affairs", "scopes": ["members:read"], "days": "180"}
    shown = post(office, f"{PAGES}/new", page=f"{PAGES}/new", **form)
    secret = re.search(r"tsudoi_[\w-]{60,}={0,2}", shown.text)
    assert secret and drawn[1] in shown.text
    again = post(office, f"{PAGES}/new", page=f"{PAGES}/new", **form)
    assert (again.status_code, again.headers["Location"]) == (303, f"{PAGES}/{drawn[1]}")

    given = client.post(TOKEN, data={**GRANT, "client_id": drawn[1], "client_secret": secret[0]}).get_json()
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 600, "members:read")
    found = client.get(MEMBERS, headers={"Authorization": f"Bearer {given['access_token']}"}).get_json()
    assert [each["name"] for each in found["members"]] == ["髙橋 花子"]
    listed = office.get(PAGES).text
    assert "会計ソフト" in listed and "会員：参照" in listed and "未使用" not in listed
    assert secret[0] not in listed + office.get(f"{PAGES}/{drawn[1]}").text
    with running.unit(society, reading=True) as uow:
        assert uow.session.scalars(sa.select(sa.func.count()).select_from(IntegrationRow)).one() == 1


@pytest.mark.rule("W4", "S32")
def test_no_key_is_stored_as_it_is(running: RunningService, society: str, program: Program, tmp_path: Path) -> None:
    assert program.token().status_code == 200
    with running.session() as session:
        stored = "\n".join(str(row) for row in session.connection().exec_driver_sql("SELECT * FROM integration_keys"))
        trail = "\n".join(str(each.after) for each in session.scalars(sa.select(AuditRow)))
    assert program.secret[-4:] in stored and program.secret[-4:] in trail
    assert program.secret not in stored + trail


@pytest.mark.rule("W4")
def test_a_token_is_for_its_scopes_and_for_the_api_alone(program: Program, app: Flask) -> None:
    bearer = program.bearer()
    browser = app.test_client()
    assert browser.get(MEMBERS, headers=bearer).status_code == 200
    refused = browser.post(MEMBERS, json={"name": "新 会員", "category": "regular"}, headers=bearer)
    assert (refused.status_code, refused.get_json()["type"]) == (403, "out-of-scope")
    assert "members:write" in refused.get_json()["detail"]
    assert browser.get("/members/console/members", headers=bearer).status_code == 403
    browser.set_cookie("tsudoi_token", bearer["Authorization"].removeprefix("Bearer "))
    assert browser.get("/members/console/members").status_code == 403
    assert browser.get("/members/my/security").status_code == 403


@pytest.mark.rule("W4")
def test_a_program_is_no_administrator_and_its_deeds_bear_its_name(
    running: RunningService, society: str, office: FlaskClient, program: Program, app: Flask
) -> None:
    with running.unit(society) as uow:
        change_integration(uow, program.id, name="名簿アプリ", roles=[Role.AFFAIRS], scopes=SCOPES)
    bearer, browser = program.bearer(), app.test_client()
    assert browser.get(API, headers=bearer).status_code == 403
    assert browser.post(MEMBERS, json={"name": "新 会員", "category": "regular"}, headers=bearer).status_code == 201
    with running.unit(society, reading=True) as uow:
        entry = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "add-member")).one()
        assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("integration", program.id, "名簿アプリ")
    assert "名簿アプリ" in office.get("/members/console/audit?action=add-member").text
    for role in ("administrator", "operator", "member"):
        asked = {"name": "x", "roles": [role], "scopes": ["members:read"]}
        assert office.post(API, json=asked, headers=_token_of(office)).status_code == 422


def _token_of(browser: FlaskClient) -> dict[str, str]:
    cookie = browser.get_cookie("tsudoi_token")
    assert cookie
    return {"Authorization": f"Bearer {cookie.value}"}


@pytest.mark.rule("W4")
def test_who_is_not_right_is_told_so_in_the_words_of_the_standard(
    running: RunningService, society: str, program: Program, app: Flask
) -> None:
    other = make_society(running, "other")
    with running.unit(other) as uow:
        row, secret = add_integration(uow, name="他", roles=[Role.READER], scopes=["members:read"], days=90)
    browser = app.test_client()
    wrong = (
        (program.id, secret),
        (row.id, program.secret),
        (program.id, program.secret[:-1]),
        (program.id, "tsudoi_" + "A" * 64),
        ("", ""),
        (program.id, "x"),
    )
    for id, given in wrong:
        answer = browser.post(TOKEN, data={**GRANT, "client_id": id, "client_secret": given})
        assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client"), (id, given)
    assert browser.post(TOKEN, data=GRANT, auth=(program.id, "x")).headers["WWW-Authenticate"] == "Basic"
    assert browser.post(TOKEN, data={"grant_type": "password"}).get_json()["error"] == "unsupported_grant_type"
    assert program.token(scope="members:write").get_json()["error"] == "invalid_scope"
    assert program.token(scope="billing:read").get_json()["scope"] == "billing:read"


@pytest.mark.rule("W4", "S10")
def test_wrong_keys_of_one_place_are_counted_and_right_ones_are_not(program: Program) -> None:
    for _ in range(3):
        assert program.token().status_code == 200
    wrong = (program.id, program.secret[:-4] + "AAAA")
    for _ in range(60):
        assert program.browser.post(TOKEN, data=GRANT, auth=wrong).status_code == 401
    refused = program.browser.post(TOKEN, data=GRANT, auth=wrong)
    assert (refused.status_code, refused.get_json()["error"]) == (429, "temporarily_unavailable")
    assert program.token().status_code == 200, "another program of the same place goes on"
    with clock.travel(by=timedelta(minutes=16)):
        assert program.browser.post(TOKEN, data=GRANT, auth=wrong).status_code == 401


@pytest.mark.rule("W4", "S9")
def test_what_is_taken_away_is_gone_at_once(running: RunningService, society: str, program: Program) -> None:
    def answers() -> tuple[int, int]:
        return program.browser.get(MEMBERS, headers=bearer).status_code, program.token().status_code

    bearer = program.bearer()
    assert answers() == (200, 200)
    with running.unit(society) as uow:
        change_integration(uow, program.id, name="名簿アプリ", roles=[Role.READER], scopes=["members:read"])
    assert answers() == (401, 200)
    bearer = program.bearer()
    assert answers() == (200, 200)
    with running.unit(society) as uow:
        stop(uow, program.id)
        stop(uow, program.id)
    assert answers() == (401, 401)
    assert len([each for each in said(running) if isinstance(each, SessionsEnded)]) == 2
    with running.unit(society) as uow, pytest.raises(IntegrationStopped):
        add_key(uow, program.id, days=90)


@pytest.mark.rule("W4", "S32")
def test_one_key_replaces_another_without_a_refused_request(
    running: RunningService, society: str, office: FlaskClient, program: Program
) -> None:
    old = program.bearer()
    shown = post(office, f"{PAGES}/{program.id}/keys", page=f"{PAGES}/{program.id}", days="90")
    secret = re.search(r"tsudoi_[\w-]{60,}={0,2}", shown.text)
    assert secret
    newer = Program(program.browser, program.id, secret[0])
    fresh = newer.bearer()
    with running.unit(society) as uow:
        first, _second = living_keys(uow, [program.id])
        with pytest.raises(EnoughKeys):
            add_key(uow, program.id, days=90)
        remove_key(uow, program.id, first.id)
    assert program.browser.get(MEMBERS, headers=old).status_code == 401
    assert program.token().status_code == 401
    assert program.browser.get(MEMBERS, headers=fresh).status_code == 200
    with clock.travel(by=timedelta(days=91)):
        assert newer.token().status_code == 401


@pytest.mark.rule("W4")
def test_an_administrator_sees_to_integrations_over_the_api(office: FlaskClient, program: Program) -> None:
    who = _token_of(office)
    (listed,) = office.get(API, headers=who).get_json()
    assert (listed["name"], listed["scopes"], len(listed["keys"])) == (
        "名簿アプリ",
        ["members:read", "billing:read"],
        1,
    )
    made = office.post(f"{API}/{program.id}/keys", json={"days": 365}, headers=who)
    assert (made.status_code, made.get_json()["secret"][:7]) == (201, "tsudoi_")
    assert office.post(f"{API}/{program.id}/keys", json={}, headers=who).status_code == 409
    changed = {"name": "名簿アプリ2", "roles": ["reader"], "scopes": ["members:read"]}
    assert office.put(f"{API}/{program.id}", json=changed, headers=who).get_json()["roles"] == ["reader"]
    key = listed["keys"][0]["id"]
    assert office.delete(f"{API}/{program.id}/keys/{key}", headers=who).status_code == 204
    assert office.delete(f"{API}/{program.id}", headers=who).status_code == 204
    assert office.get(API, headers=who).get_json()[0]["stopped_at"]
    assert program.token().status_code == 401


@pytest.mark.rule("W4")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_api_of_every_service_is_described_without_a_login(client: FlaskClient, language: str) -> None:
    client.set_cookie("tsudoi_language", language)
    assert ("APIの説明" if language == "ja" else "Description of the API") in client.get("/members/docs").text
    for service in ("members", "billing", "payments", "events", "notifications"):
        page = client.get(f"/members/docs/{service}").text
        assert f'data-document="/{service}/api/openapi.json"' in page
        for address in re.findall(r'(?:src|href)="(/members/static/[^"]+)"', page):
            with client.get(address) as answer:
                assert answer.status_code == 200, address
    assert client.get("/members/docs/nothing").status_code == 404
