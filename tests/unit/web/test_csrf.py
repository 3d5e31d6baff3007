"""No other site can make a browser act here (S11)."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from shared.identity import Role
from tests.unit.web.conftest import LogIn

pytestmark = pytest.mark.rule("S11")

FEE = {"name": "a", "amount": "1"}


def token_on(client: FlaskClient) -> str:
    found = re.search(r'"X-CSRFToken": "([^"]+)"', client.get("/sample/console/fees").text)
    assert found
    return found[1]


def test_a_form_with_its_token_is_taken(log_in: LogIn) -> None:
    client = log_in(Role.ACCOUNTING)
    assert client.post("/sample/console/fees", data={**FEE, "csrf_token": token_on(client)}).status_code == 200


def test_a_form_without_token_is_refused(log_in: LogIn) -> None:
    client = log_in(Role.ACCOUNTING)
    token_on(client)
    assert client.post("/sample/console/fees", data=FEE).status_code == 403


def test_somebody_elses_token_is_refused(log_in: LogIn) -> None:
    client, other = log_in(Role.ACCOUNTING), log_in(Role.ACCOUNTING)
    token_on(client)
    assert client.post("/sample/console/fees", data={**FEE, "csrf_token": token_on(other)}).status_code == 403


def test_htmx_sends_the_token_as_a_header(log_in: LogIn) -> None:
    client = log_in(Role.ACCOUNTING)
    headers = {"X-CSRFToken": token_on(client), "HX-Request": "true"}
    assert client.post("/sample/console/fees", data=FEE, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_origin_is_refused_even_with_the_token(log_in: LogIn, headers: dict[str, str]) -> None:
    client = log_in(Role.ACCOUNTING)
    answer = client.post("/sample/console/fees", data={**FEE, "csrf_token": token_on(client)}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("origin", ["http://localhost", "http://127.0.0.1:8000"])
def test_our_own_origins_are_taken(log_in: LogIn, origin: str) -> None:
    client = log_in(Role.ACCOUNTING)
    data = {**FEE, "csrf_token": token_on(client)}
    assert client.post("/sample/console/fees", data=data, headers={"Origin": origin}).status_code == 200


def test_an_api_call_by_cookie_needs_the_token(log_in: LogIn) -> None:
    client = log_in(Role.ACCOUNTING)
    assert client.post("/sample/api/fees/", json={"name": "a", "amount": 1}).status_code == 403
    headers = {"X-CSRFToken": token_on(client)}
    assert client.post("/sample/api/fees/", json={"name": "a", "amount": 1}, headers=headers).status_code == 201


def test_an_api_call_by_bearer_needs_none(client: FlaskClient, token: Callable[..., str]) -> None:
    headers = {"Authorization": f"Bearer {token(Role.ACCOUNTING)}", "Origin": "https://integrator.example"}
    assert client.post("/sample/api/fees/", json={"name": "a", "amount": 1}, headers=headers).status_code == 201


def test_public_forms_are_protected_too(client: FlaskClient) -> None:
    assert client.post("/sample/public").status_code == 403


def test_webhooks_need_no_token(client: FlaskClient) -> None:
    assert client.post("/sample/hook", headers={"Origin": "https://provider.example"}).status_code == 200
