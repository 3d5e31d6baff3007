"""Who may see what: every route declares it, and what is not declared is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from shared import clock
from shared.identity import STAFF, Role, TokenReader, TokenRefused, end_sessions
from shared.ids import new_id
from shared.service import RunningService
from shared.web.access import undeclared_routes
from tests.unit.web.conftest import LogIn


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/sample/mine", set(Role)),
        ("/sample/console/fees", set(STAFF)),
        ("/sample/api/fees/", set(STAFF)),
        ("/sample/api/fees/whoami", set(Role)),
        ("/sample/forgotten", set()),
    ],
)
@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_only_what_is_declared(log_in: LogIn, path: str, allowed: set[Role], role: Role) -> None:
    assert log_in(role).get(path).status_code == (200 if role in allowed else 403)


def test_undeclared_routes_are_named(app: Flask) -> None:
    assert undeclared_routes(app) == ["GET /sample/forgotten"]


def test_undeclared_routes_are_closed_even_without_login(client: FlaskClient) -> None:
    assert client.get("/sample/forgotten").status_code == 403


def test_a_method_of_a_route_has_its_own_declaration(log_in: LogIn) -> None:
    answer = log_in(Role.READER).post("/sample/api/fees/", json={"name": "a", "amount": 1})
    assert answer.status_code == 403


def test_a_page_without_login_leads_to_the_login_and_back(client: FlaskClient) -> None:
    answer = client.get("/sample/mine?a=b&c=日")
    assert answer.status_code == 302
    assert answer.location.startswith("/members/login?next=/sample/mine%3Fa%3Db%26c%3D")


def test_a_page_with_an_open_session_renews_the_token_silently(client: FlaskClient) -> None:
    client.set_cookie("tsudoi_session_hint", "1")
    assert client.get("/sample/mine").location == "/members/session/renew?next=/sample/mine"


def test_a_fragment_without_login_sends_the_whole_page_to_the_login(client: FlaskClient) -> None:
    answer = client.get(
        "/sample/mine", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/members/my/?x=1"}
    )
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/members/login?next=/members/my/%3Fx%3D1"


def test_an_api_without_login_answers_401(client: FlaskClient) -> None:
    answer = client.get("/sample/api/fees/")
    assert (answer.status_code, answer.json["type"]) == (401, "login-needed")  # type: ignore[index]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_expired_token_counts_for_nothing(client: FlaskClient, token: Callable[..., str]) -> None:
    client.set_cookie("tsudoi_token", token(Role.MEMBER))
    assert client.get("/sample/mine").status_code == 200
    with clock.travel(by=timedelta(minutes=11)):
        assert client.get("/sample/mine").status_code == 302


def test_a_session_that_ended_is_refused_at_once(running: RunningService, log_in: LogIn) -> None:
    session_id = new_id()
    client = log_in(Role.MEMBER, session=session_id)
    assert client.get("/sample/mine").status_code == 200
    with running.session() as session:
        end_sessions(session, [session_id], clock.now())
    assert client.get("/sample/mine").status_code == 302


def test_a_bearer_token_is_enough_and_a_cookie_beside_it_is_ignored(
    client: FlaskClient, token: Callable[..., str], log_in: LogIn
) -> None:
    bearer = {"Authorization": f"Bearer {token(Role.ACCOUNTING)}"}
    assert client.get("/sample/api/fees/", headers=bearer).status_code == 200
    assert (
        log_in(Role.ACCOUNTING).get("/sample/api/fees/", headers={"Authorization": "Bearer nonsense"}).status_code
        == 401
    )


def test_views_work_in_the_society_of_who_asks(log_in: LogIn) -> None:
    assert log_in(Role.READER).get("/sample/api/fees/").json == [{"name": "日本集い学会", "amount": 1}]


def test_a_token_that_is_known_covers_no_other_and_expires_all_the_same(
    running: RunningService, token: Callable[..., str]
) -> None:
    reader = TokenReader(running.settings.token_public.read_bytes())
    good = token(Role.MEMBER)
    assert reader.read(good) is reader.read(good), "verified once"
    head, claims, signature = good.split(".")
    other = token(Role.ADMINISTRATOR).split(".")
    for forged in (f"{head}.{other[1]}.{signature}", f"{head}.{claims}.{other[2]}", f"{head}.{claims}."):
        with pytest.raises(TokenRefused):
            reader.read(forged)
    with clock.travel(by=timedelta(minutes=11)), pytest.raises(TokenRefused):
        reader.read(good)
