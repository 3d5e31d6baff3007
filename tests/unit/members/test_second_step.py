"""The second step of a login: an app's code, spare codes, who must have it; and where somebody is logged in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members import second_factor
from services.members.models import AccountRow, HalfLoginRow, LoginSessionRow, MemberRow, SecondFactorRow
from services.members.password_links import send_link
from shared import clock
from shared.audit import AuditRow
from shared.identity import Role
from shared.messages.members import PasswordResetStarted, SessionsEnded
from shared.service import RunningService
from shared.uow import UnitOfWork
from tests.unit.members.conftest import PASSWORD, LogIn, a_member, csrf, log_in, post, said, with_account

EMAIL = "hanako@example.jp"
SAFETY = "/members/my/security"
CODE = "/members/login/code"


@pytest.fixture(autouse=True)
def phones_travel_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clocks of phones go with the travels of these tests."""
    monkeypatch.setattr(clock, "outside", clock.now)


@pytest.fixture
def account(running: RunningService, society: str, hashed: str) -> str:
    return with_account(running, society, a_member(running, society, email=EMAIL), hashed)


@pytest.fixture
def staff(running: RunningService, society: str, hashed: str) -> str:
    person = a_member(running, society, name="事務 花子", email="staff@example.jp")
    return with_account(running, society, person, hashed, ["administrator"])


def begin(browser: FlaskClient) -> pyotp.TOTP:
    """With the key that the page shows after the password."""
    shown = post(browser, f"{SAFETY}/second-step", page=SAFETY, password=PASSWORD)
    key = re.search(r"<code>([A-Z2-7 ]+)</code>", shown.text)
    assert key, shown.text
    return pyotp.TOTP(key[1].replace(" ", ""))


def set_up(browser: FlaskClient) -> tuple[pyotp.TOTP, list[str]]:
    """The app, and the spare codes that are shown afterwards."""
    app = begin(browser)
    done = post(browser, f"{SAFETY}/second-step/confirm", page=SAFETY, code=now(app))
    assert done.status_code == 200, done.text
    return app, re.findall(r"<code>([a-z2-7-]{19})</code>", done.text)


def now(app: pyotp.TOTP, steps: int = 0) -> str:
    return app.at(clock.now() + steps * timedelta(seconds=second_factor.STEP))


def later(**much: Any) -> Any:
    """A code counts once: the next one comes half a minute later."""
    return clock.travel(by=timedelta(**much))


def give_code(browser: FlaskClient, code: str, **form: Any) -> Any:
    return post(browser, CODE, page=CODE, code=code, **form)


@pytest.mark.rule("W3")
@pytest.mark.rule("S10")
def test_after_the_password_a_code_is_asked_for(app: Flask, client: FlaskClient, account: str) -> None:
    log_in(client, EMAIL)
    phone, _ = set_up(client)
    with later(minutes=1):
        other = app.test_client()
        asked = log_in(other, EMAIL, next="/members/my/profile")
        assert (asked.status_code, asked.location) == (303, f"{CODE}?next=/members/my/profile")
        assert not other.get_cookie("tsudoi_token") and not other.get_cookie("tsudoi_login", path="/members")
        assert other.get("/members/my/").status_code in (302, 303), "the password alone opens nothing"
        assert other.get("/members/session/renew?next=/members/my/").location.startswith("/members/login")
        wrong = give_code(other, "000000")
        assert wrong.status_code == 422 and 'id="e-code"' in wrong.text
        done = give_code(other, now(phone), next="/members/my/profile")
        assert (done.status_code, done.location) == (303, "/members/my/profile")
        assert "髙橋 花子" in other.get("/members/my/").text


@pytest.mark.rule("S10")
def test_a_code_counts_once_and_a_phone_may_be_half_a_minute_wrong(
    app: Flask, client: FlaskClient, account: str
) -> None:
    log_in(client, EMAIL)
    phone, _ = set_up(client)
    with later(minutes=5):
        for steps, right in ((-2, False), (2, False), (-1, True), (0, True), (0, False), (-1, False), (1, True)):
            browser = app.test_client()
            log_in(browser, EMAIL)
            assert (give_code(browser, now(phone, steps)).status_code == 303) == right, steps


@pytest.mark.rule("S10")
def test_wrong_codes_close_the_second_step_for_a_while(app: Flask, client: FlaskClient, account: str) -> None:
    log_in(client, EMAIL)
    phone, _ = set_up(client)
    with later(minutes=1):
        browser = app.test_client()
        log_in(browser, EMAIL)
        assert {give_code(browser, "123 45").status_code for _ in range(10)} == {422}
        assert give_code(browser, now(phone)).status_code == 429, "even the right one"
    with later(minutes=20):
        log_in(browser, EMAIL)
        assert give_code(browser, now(phone)).status_code == 303


def test_a_spare_code_opens_once(
    app: Flask, client: FlaskClient, running: RunningService, society: str, account: str
) -> None:
    log_in(client, EMAIL)
    _, codes = set_up(client)
    assert len(set(codes)) == second_factor.SPARE_CODES
    for right in (True, False):
        browser = app.test_client()
        log_in(browser, EMAIL)
        assert (give_code(browser, codes[3].upper().replace("-", " ")).status_code == 303) == right
    assert "9 個" in client.get(SAFETY).text
    with running.unit(society, reading=True) as uow:
        actions = uow.session.scalars(sa.select(AuditRow.action).order_by(AuditRow.id)).all()
    assert actions[-3:] == ["add-second-factor", "make-spare-codes", "use-spare-code"]
    renewed = post(client, f"{SAFETY}/spare-codes", page=SAFETY, password=PASSWORD).text
    fresh = re.findall(r"<code>([a-z2-7-]{19})</code>", renewed)
    assert len(fresh) == 10 and not set(fresh) & set(codes)
    browser = app.test_client()
    log_in(browser, EMAIL)
    assert give_code(browser, codes[4]).status_code == 422


@pytest.mark.rule("S7")
def test_a_link_that_sets_the_password_does_not_get_around_it(
    app: Flask, client: FlaskClient, running: RunningService, society: str, account: str
) -> None:
    log_in(client, EMAIL)
    set_up(client)
    with running.unit(society) as uow:
        row = uow.get(AccountRow, account)
        send_link(uow, row, person_of(uow, row), public_url="http://localhost")
    (link,) = [message.link for message in said(running) if isinstance(message, PasswordResetStarted)]
    page, thief, new = link.removeprefix("http://localhost"), app.test_client(), "a new and long password"
    answer = post(thief, page, page=page, password=new, again=new)
    assert answer.location == "/members/login" and not thief.get_cookie("tsudoi_login", path="/members")
    assert log_in(thief, EMAIL, new).location == CODE


def person_of(uow: UnitOfWork, row: AccountRow) -> MemberRow:
    return uow.get(MemberRow, row.person_id)


@pytest.mark.rule("S9")
def test_the_half_login_ends_after_ten_minutes_and_with_a_new_password(
    client: FlaskClient, app: Flask, running: RunningService, society: str, account: str
) -> None:
    log_in(client, EMAIL)
    phone, _ = set_up(client)
    browser = app.test_client()
    with later(minutes=1):
        log_in(browser, EMAIL)
    with later(minutes=12):
        answer = give_code(browser, now(phone))
        assert (answer.status_code, answer.location) == (303, "/members/login")
        log_in(browser, EMAIL)
        with running.unit(society) as uow:
            uow.get(AccountRow, account).password_hash = "another"
        assert give_code(browser, now(phone)).location == "/members/login"
    with running.unit(society) as uow:
        assert uow.session.scalars(sa.select(HalfLoginRow.expires_at)).all(), "the older one is still there"


def test_it_is_switched_off_with_the_password_only(
    app: Flask, client: FlaskClient, running: RunningService, society: str, account: str
) -> None:
    log_in(client, EMAIL)
    set_up(client)
    refused = post(client, f"{SAFETY}/second-step/remove", page=SAFETY, password="wrong")
    assert refused.status_code == 422 and 'id="e-password"' in refused.text
    assert log_in(app.test_client(), EMAIL).location == CODE
    assert post(client, f"{SAFETY}/second-step/remove", page=SAFETY, password=PASSWORD).status_code == 303
    assert log_in(app.test_client(), EMAIL).location == "/members/my/"
    with running.unit(society, reading=True) as uow:
        assert uow.session.get(SecondFactorRow, account) is None


def test_the_secret_of_the_app_is_not_in_the_database(
    client: FlaskClient, running: RunningService, society: str, account: str
) -> None:
    log_in(client, EMAIL)
    phone, codes = set_up(client)
    assert phone.secret.encode() not in (running.settings.home / "members.db").read_bytes()
    assert codes[0].encode() not in (running.settings.home / "members.db").read_bytes()
    assert client.get(f"{SAFETY}/second-step").location == SAFETY, "shown once, and never again"
    again = post(client, f"{SAFETY}/second-step", page=SAFETY, password=PASSWORD)
    assert again.status_code == 404


def test_the_key_is_shown_after_the_password_and_each_time_another_one(client: FlaskClient, account: str) -> None:
    """Whoever sat at an open browser, or knew the password once, has nothing of what they saw."""
    log_in(client, EMAIL)
    refused = post(client, f"{SAFETY}/second-step", page=SAFETY, password="wrong")
    assert refused.status_code == 422 and "<code>" not in refused.text
    stolen, own = begin(client), begin(client)
    assert stolen.secret != own.secret
    assert post(client, f"{SAFETY}/second-step/confirm", page=SAFETY, code=now(stolen)).status_code == 422
    assert post(client, f"{SAFETY}/second-step/confirm", page=SAFETY, code=now(own)).status_code == 200
    twice = post(client, f"{SAFETY}/second-step/confirm", page=SAFETY, code=now(own))
    assert (twice.status_code, twice.location) == (303, SAFETY), "clicked twice"


def test_phones_go_by_the_time_outside_also_where_the_demo_has_travelled(
    client: FlaskClient, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    with later(days=40):
        log_in(client, EMAIL)
        phone = begin(client)
        code = phone.at(clock.outside())
        assert post(client, f"{SAFETY}/second-step/confirm", page=SAFETY, code=code).status_code == 200


@pytest.mark.rule("W3")
@pytest.mark.rule("S10")
def test_a_society_asks_it_of_all_staff(
    app: Flask, client: FlaskClient, running: RunningService, society: str, hashed: str, staff: str
) -> None:
    clerk = with_account(running, society, a_member(running, society, email=EMAIL), hashed, ["affairs"])
    log_in(client, "staff@example.jp")
    staff_page = "/members/console/staff"
    first = post(client, f"{staff_page}/login-policy", page=staff_page, need="1")
    assert first.status_code == 409 and "ご自身の2段階認証" in first.text, "whoever asks it of others has it"
    set_up(client)
    desk = app.test_client()
    log_in(desk, EMAIL)
    assert post(client, f"{staff_page}/login-policy", page=staff_page, need="1").status_code == 303
    assert desk.get("/members/console/members").status_code in (302, 303, 401), "at once"
    assert log_in(desk, EMAIL).location == SAFETY
    assert desk.get("/members/console/members").status_code == 403
    assert "スタッフ全員に2段階認証を必須" in desk.get(SAFETY).text
    set_up(desk)
    assert desk.get("/members/console/members").status_code == 200, "without another login"
    assert post(client, f"{staff_page}/{clerk}/second-step/remove", page=staff_page).status_code == 303
    assert desk.get("/members/console/members").status_code in (302, 303)


@pytest.mark.rule("S10")
def test_the_office_helps_members_who_have_lost_their_phone_but_not_staff(
    app: Flask, client: FlaskClient, running: RunningService, society: str, as_role: LogIn, account: str, staff: str
) -> None:
    log_in(client, EMAIL)
    set_up(client)
    affairs = as_role(Role.AFFAIRS)
    with running.unit(society, reading=True) as uow:
        member, other = (uow.get(AccountRow, id).person_id for id in (account, staff))
    page = f"/members/console/members/{member}"
    assert "2段階認証を解除する" in affairs.get(page).text
    assert post(affairs, f"{page}/second-step/remove", page=page).status_code == 303
    assert log_in(app.test_client(), EMAIL).location == "/members/my/"
    assert post(affairs, f"/members/console/members/{other}/second-step/remove", page=page).status_code == 403
    with running.unit(society) as uow:  # an operator is no member of any staff
        uow.get(AccountRow, account).roles = ["operator"]
    assert post(affairs, f"{page}/second-step/remove", page=page).status_code == 403
    administrator = as_role(Role.ADMINISTRATOR)
    of_staff = f"/members/console/staff/{account}"
    assert post(administrator, f"{of_staff}/second-step/remove", page=of_staff).status_code == 403


@pytest.mark.rule("S10")
def test_ones_own_second_step_asks_for_the_password_also_of_administrators(client: FlaskClient, staff: str) -> None:
    log_in(client, "staff@example.jp")
    set_up(client)
    page = f"/members/console/staff/{staff}"
    assert post(client, f"{page}/second-step/remove", page=page).status_code == 403


@pytest.mark.rule("S9")
def test_one_sees_where_one_is_logged_in_and_logs_out_there(
    app: Flask, client: FlaskClient, running: RunningService, society: str, account: str
) -> None:
    browsers = [app.test_client() for _ in range(3)]
    for browser, agent in zip(browsers, ("Chrome/126.0", "Firefox/140.0", ""), strict=True):
        token = csrf(browser)
        form = {"email": EMAIL, "password": PASSWORD, "csrf_token": token}
        browser.post("/members/login", data=form, headers={"User-Agent": f"Mozilla/5.0 (Windows NT 10.0) {agent}"})
    text = browsers[0].get(SAFETY).text
    assert "Chrome · Windows" in text and "Firefox · Windows" in text and text.count("この端末") == 1
    with running.unit(society, reading=True) as uow:
        ids = uow.session.scalars(sa.select(LoginSessionRow.id).order_by(LoginSessionRow.id)).all()
    assert post(browsers[0], f"{SAFETY}/sessions/{ids[1]}/end", page=SAFETY).status_code == 303
    assert browsers[1].get("/members/my/").status_code in (302, 303)
    assert post(browsers[0], f"{SAFETY}/sessions/end-others", page=SAFETY).status_code == 303
    assert browsers[2].get("/members/my/").status_code in (302, 303)
    assert browsers[0].get("/members/my/").status_code == 200
    ended = [id for message in said(running) if isinstance(message, SessionsEnded) for id in message.session_ids]
    assert ended == [ids[1], ids[2]]


@pytest.mark.rule("S2")
def test_a_session_of_somebody_else_is_not_there(
    app: Flask, client: FlaskClient, running: RunningService, society: str, account: str, staff: str
) -> None:
    log_in(client, EMAIL)
    other = app.test_client()
    log_in(other, "staff@example.jp")
    with running.unit(society, reading=True) as uow:
        (mine,) = uow.session.scalars(sa.select(LoginSessionRow.id).where(LoginSessionRow.account_id == account))
    assert post(other, f"{SAFETY}/sessions/{mine}/end", page=SAFETY).status_code == 404
    assert client.get("/members/my/").status_code == 200
