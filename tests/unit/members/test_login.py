"""Logging in, staying logged in, logging out."""

from __future__ import annotations

from datetime import timedelta
from time import process_time

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members.accounts import change_roles
from services.members.models import LoginSessionRow
from services.members.sessions import IDLE
from shared import clock
from shared.identity import Role
from shared.messages.members import SessionsEnded
from shared.service import RunningService
from tests.unit.members.conftest import PASSWORD, a_member, log_in, make_society, post, said, with_account, words

EMAIL = "hanako@example.jp"


@pytest.fixture
def account(running: RunningService, society: str, hashed: str) -> str:
    return with_account(running, society, a_member(running, society, email=EMAIL), hashed)


def test_a_member_comes_to_my_page(client: FlaskClient, account: str) -> None:
    answer = log_in(client, "Hanako@Example.jp ")
    assert (answer.status_code, answer.location) == (303, "/members/my/")
    assert "髙橋 花子" in client.get("/members/my/").text


@pytest.mark.parametrize(
    ("role", "home"),
    [
        ("administrator", "/members/console/members"),
        ("affairs", "/members/console/members"),
        ("reader", "/members/console/members"),
        ("accounting", "/billing/console/"),
        ("events", "/events/console/events"),
    ],
)
def test_staff_come_to_their_desk(
    client: FlaskClient, running: RunningService, society: str, hashed: str, role: str, home: str
) -> None:
    with_account(running, society, a_member(running, society, email=EMAIL), hashed, [role])
    assert log_in(client, EMAIL).location == home


@pytest.mark.parametrize("wanted", ["/members/my/profile", "/billing/my/invoices?year=2026"])
def test_after_the_login_the_wanted_page_follows(client: FlaskClient, account: str, wanted: str) -> None:
    assert log_in(client, EMAIL, next=wanted).location == wanted


@pytest.mark.rule("S39")
@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "/%2F/evil.example", "javascript:x"]
)
def test_no_login_leads_to_another_site(client: FlaskClient, account: str, wanted: str) -> None:
    assert log_in(client, EMAIL, next=wanted).location == "/members/my/"


@pytest.mark.rule("S6")
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: FlaskClient, account: str) -> None:
    known, unknown = log_in(client, EMAIL, "wrong password"), log_in(client, "nobody@example.jp", "wrong password")
    assert known.status_code == unknown.status_code == 401
    assert words(known).replace(EMAIL, "") == words(unknown).replace("nobody@example.jp", "")
    assert [
        cookie for cookie in known.headers.getlist("Set-Cookie") if cookie.startswith(("tsudoi_token", "tsudoi_login"))
    ] == []


@pytest.mark.rule("S6")
def test_an_unknown_address_takes_as_long_as_a_wrong_password(client: FlaskClient, account: str) -> None:
    def work(email: str) -> float:
        started = process_time()  # not by the clock: other processes may be busy
        log_in(client, email, "wrong password")
        return process_time() - started

    known, unknown = min(work(EMAIL) for _ in range(5)), min(work("nobody@example.jp") for _ in range(5))
    assert 0.5 < known / unknown < 2  # without the hash it would be a fifth


@pytest.mark.rule("S10")
def test_ten_wrong_passwords_close_the_login_from_there_only(app: Flask, account: str) -> None:
    here, elsewhere = app.test_client(), app.test_client()
    for _ in range(10):
        assert log_in(here, EMAIL, "wrong password").status_code == 401
    assert log_in(here, EMAIL).status_code == 429
    elsewhere.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    assert log_in(elsewhere, EMAIL).status_code == 303


@pytest.mark.rule("S10")
def test_a_quarter_of_an_hour_later_the_login_is_open_again(client: FlaskClient, account: str) -> None:
    for _ in range(10):
        log_in(client, EMAIL, "wrong password")
    with clock.travel(by=timedelta(minutes=16)):
        assert log_in(client, EMAIL).status_code == 303


@pytest.mark.rule("S10")
def test_the_throttle_answers_alike_for_addresses_that_nobody_has(client: FlaskClient, account: str) -> None:
    statuses = [log_in(client, "nobody@example.jp", "wrong password").status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


@pytest.mark.rule("S9")
def test_every_login_gets_a_session_of_its_own(
    client: FlaskClient, running: RunningService, society: str, account: str
) -> None:
    log_in(client, EMAIL)
    first = client.get_cookie("tsudoi_login", path="/members")
    client.delete_cookie("tsudoi_token")
    log_in(client, EMAIL)
    second = client.get_cookie("tsudoi_login", path="/members")
    assert first and second and first.value != second.value


@pytest.mark.rule("S9")
def test_what_a_browser_held_before_the_login_is_worth_nothing_afterwards(app: Flask, account: str) -> None:
    browser = app.test_client()
    browser.set_cookie("tsudoi_login", "planted", path="/members")
    log_in(browser, EMAIL)
    cookie = browser.get_cookie("tsudoi_login", path="/members")
    assert cookie and cookie.value != "planted"


@pytest.mark.rule("S9")
def test_logout_ends_the_session_for_every_copy_of_its_cookies(
    app: Flask, running: RunningService, society: str, account: str
) -> None:
    browser, thief = app.test_client(), app.test_client()
    log_in(browser, EMAIL)
    for name, path in (("tsudoi_token", "/"), ("tsudoi_login", "/members")):
        cookie = browser.get_cookie(name, path=path)
        assert cookie
        thief.set_cookie(name, cookie.value, path=path)
    assert thief.get("/members/my/").status_code == 200
    post(browser, "/members/logout", page="/members/my/profile/edit")
    assert browser.get("/members/my/").status_code == 302
    assert thief.get("/members/my/").status_code == 302
    assert thief.get("/members/session/renew?next=/members/my/").location == "/members/login?next=/members/my/"
    ended = [message for message in said(running) if isinstance(message, SessionsEnded)]
    assert len(ended) == 1


@pytest.mark.rule("S9")
def test_a_new_password_ends_all_other_sessions(app: Flask, account: str) -> None:
    here, elsewhere = app.test_client(), app.test_client()
    log_in(here, EMAIL)
    log_in(elsewhere, EMAIL)
    new = "another long password"
    changed = post(here, "/members/my/password", page="/members/my/password", old=PASSWORD, password=new, again=new)
    assert changed.status_code == 303
    assert here.get("/members/my/").status_code == 200
    assert elsewhere.get("/members/my/").status_code == 302
    assert log_in(app.test_client(), EMAIL).status_code == 401
    assert log_in(app.test_client(), EMAIL, new).status_code == 303


@pytest.mark.rule("S9")
def test_new_roles_end_the_sessions(app: Flask, running: RunningService, society: str, hashed: str) -> None:
    id = with_account(running, society, a_member(running, society, email=EMAIL), hashed, ["affairs"])
    browser = app.test_client()
    log_in(browser, EMAIL)
    with running.unit(society) as uow:
        change_roles(uow, id, [Role.READER])
    assert browser.get("/members/console/members").status_code == 302
    log_in(browser, EMAIL)
    assert browser.get("/members/console/import").status_code == 403


def test_a_token_that_ran_out_is_renewed_silently(client: FlaskClient, account: str) -> None:
    log_in(client, EMAIL)
    with clock.travel(by=timedelta(minutes=11)):
        client.set_cookie("tsudoi_session_hint", "1")
        away = client.get("/members/my/profile")
        assert away.location == "/members/session/renew?next=/members/my/profile"
        back = client.get(away.location)
        assert back.location == "/members/my/profile"
        assert client.get(back.location).status_code == 200


def test_a_session_that_slept_too_long_needs_a_login(client: FlaskClient, account: str) -> None:
    log_in(client, EMAIL)
    with clock.travel(by=IDLE + timedelta(minutes=1)):
        assert client.get("/members/session/renew?next=/members/my/").location == "/members/login?next=/members/my/"


def test_whoever_comes_back_in_time_stays_logged_in(client: FlaskClient, account: str) -> None:
    log_in(client, EMAIL)
    for hours in (11, 22, 33):
        with clock.travel(by=timedelta(hours=hours)):
            assert client.get("/members/session/renew?next=/members/my/").location == "/members/my/"


def test_pages_renew_in_the_background(client: FlaskClient, account: str) -> None:
    log_in(client, EMAIL)
    page = client.get("/members/my/profile/edit").text
    assert 'data-renew="/members/session/renew"' in page
    assert post(client, "/members/session/renew", page="/members/my/profile/edit").status_code == 204


@pytest.mark.parametrize("standing", ["left", "expelled", "withdrawn_application"])
def test_former_members_cannot_log_in(
    client: FlaskClient, running: RunningService, society: str, hashed: str, standing: str
) -> None:
    with_account(running, society, a_member(running, society, email=EMAIL, standing=standing), hashed)
    assert log_in(client, EMAIL).status_code == 401


def test_the_host_name_says_which_society(app: Flask, running: RunningService, society: str, hashed: str) -> None:
    other = make_society(running, "hokushin")
    with_account(running, other, a_member(running, other, email=EMAIL), hashed)
    with_account(running, society, a_member(running, society, email=EMAIL), None)
    browser = app.test_client()
    page = browser.get("/members/login", base_url="http://hokushin.example.org").text
    assert "hokushin 学会" in page
    assert "kaisei" not in page


def test_without_a_telling_host_name_the_visitor_chooses(
    app: Flask, running: RunningService, society: str, hashed: str
) -> None:
    other = make_society(running, "hokushin")
    with_account(running, other, a_member(running, other, email=EMAIL), hashed)
    browser = app.test_client()
    page = browser.get("/members/login").text
    assert 'value="kaisei"' in page and 'value="hokushin"' in page
    assert log_in(browser, EMAIL).status_code == 404
    assert log_in(browser, EMAIL, society="kaisei").status_code == 401
    assert log_in(browser, EMAIL, society="hokushin").status_code == 303


@pytest.mark.rule("M11")
def test_only_digests_of_secrets_are_stored(
    client: FlaskClient, running: RunningService, society: str, account: str
) -> None:
    log_in(client, EMAIL)
    cookie = client.get_cookie("tsudoi_login", path="/members")
    assert cookie and cookie.http_only and cookie.same_site == "Lax"
    with running.unit(society, reading=True) as uow:
        stored = uow.session.scalars(sa.select(LoginSessionRow)).one()
    assert stored.secret not in cookie.value
