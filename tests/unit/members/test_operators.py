"""Operators' accounts: made on the machine alone, apart from the office, and out of its reach."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.members import operators
from services.members.accounts import invite_staff
from services.members.password_requests import answer_requests
from shared.errors import TsudoiError
from shared.identity import STAFF, Role
from shared.messages.members import PasswordResetStarted
from shared.service import RunningService
from tests.unit.members.conftest import LogIn, a_member, log_in, make_society, post, said

EMAIL = "night@example.jp"
NEW = "a long night without alerts"


def appoint(running: RunningService, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """The path of the link that is printed."""
    assert operators.main(running, ["appoint", EMAIL, *more]) == 0
    found = re.search(r"http://localhost(/members/password/\S+)", capsys.readouterr().out)
    assert found
    return found[1]


def set_password(client: FlaskClient, path: str) -> int:
    return int(post(client, path, password=NEW, again=NEW).status_code)


@pytest.mark.rule("S1")
def test_an_operator_is_appointed_logs_in_and_lands_on_the_operators_page(
    running: RunningService, society: str, app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    path = appoint(running, capsys, "--name", "運用 守")
    client = app.test_client()
    assert set_password(client, path) == 303
    answer = log_in(client, EMAIL, NEW)
    assert answer.status_code == 303 and answer.headers["Location"].endswith("/members/operator")
    page = client.get("/members/operator")
    assert page.status_code == 200 and "運用 守" in page.text
    for place in ("/members/console/members", "/members/console/staff", "/members/my/"):
        assert client.get(place).status_code == 403, place
    assert operators.main(running, ["dismiss", EMAIL]) == 0
    assert client.get("/members/operator").status_code == 302, "the session ended at once"
    assert log_in(app.test_client(), EMAIL, NEW).status_code == 401
    assert operators.main(running, ["dismiss", EMAIL]) == 1


def test_no_mail_holds_a_key_to_an_operator(
    running: RunningService, society: str, app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    """Administrators read all mail: a link that is asked for on the login page opens nothing."""
    older = appoint(running, capsys)
    path = appoint(running, capsys)
    assert not [message for message in said(running) if isinstance(message, PasswordResetStarted)]
    assert app.test_client().get(older).status_code == 410, "only the newest is valid"
    client = app.test_client()
    assert post(client, "/members/password", email=EMAIL).status_code == 200
    answer_requests(running)
    mailed = [message.link for message in said(running) if isinstance(message, PasswordResetStarted)]
    for link in mailed:
        assert client.get(link.removeprefix("http://localhost")).status_code == 410
    assert set_password(app.test_client(), appoint(running, capsys)) == 303
    assert app.test_client().get(path).status_code == 410


def test_whoever_holds_an_office_or_is_a_member_is_no_operator(
    running: RunningService, society: str, capsys: pytest.CaptureFixture[str]
) -> None:
    a_member(running, society, email=EMAIL)
    assert operators.main(running, ["appoint", EMAIL]) == 1
    with running.unit(society) as uow:
        invite_staff(uow, email="staff@example.jp", name="x", roles=[Role.READER], public_url="http://localhost")
    assert operators.main(running, ["appoint", "staff@example.jp"]) == 1
    assert capsys.readouterr().err.count("tsudoi operator: An operator needs an account") == 2


@pytest.mark.rule("S3")
def test_nobody_in_the_office_can_make_an_operator(running: RunningService, society: str, as_role: LogIn) -> None:
    with running.unit(society) as uow, pytest.raises(TsudoiError):
        invite_staff(uow, email=EMAIL, name="x", roles=[Role.OPERATOR], public_url="http://localhost")
    admin = as_role(*STAFF)
    assert admin.get("/members/operator").status_code == 403


def test_with_several_societies_one_must_be_named(
    running: RunningService, society: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_society(running, "minato")
    assert operators.main(running, ["appoint", EMAIL]) == 1
    capsys.readouterr()
    assert appoint(running, capsys, "--society", "minato")
    assert operators.main(running, ["appoint", EMAIL, "--society", "nowhere"]) == 1
