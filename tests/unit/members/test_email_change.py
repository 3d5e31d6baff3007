"""One's e-mail address changes by a link to the new one, opened by whoever is logged in with the old one (M12, S8);
and the address of somebody who has left is given back (M3+)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members.email_changes import forget_old_changes
from services.members.members import change_member
from services.members.models import EmailChangeRow, MemberRow
from services.members.password_requests import answer_requests
from shared import clock
from shared.audit import AuditRow
from shared.identity import Role
from shared.messages.members import EmailChanged, EmailChangeStarted, PersonChanged
from shared.service import RunningService
from tests.unit.members.conftest import (
    PASSWORD,
    LogIn,
    a_member,
    log_in,
    members_of,
    post,
    said,
    with_account,
    words,
)

OLD, NEW = "hanako@example.jp", "new@example.jp"
PAGE = "/members/my/email"


@pytest.fixture
def person(running: RunningService, society: str, hashed: str) -> MemberRow:
    row = a_member(running, society, email=OLD)
    with_account(running, society, row, hashed)
    return row


@pytest.fixture
def her(app: Flask, person: MemberRow) -> FlaskClient:
    """Her browser, logged in with the old address."""
    browser = app.test_client()
    log_in(browser, OLD)
    return browser


def started(running: RunningService) -> list[EmailChangeStarted]:
    return [message for message in said(running) if isinstance(message, EmailChangeStarted)]


def ask(running: RunningService, browser: FlaskClient, email: str = NEW) -> str:
    """The path of the link that comes by mail."""
    assert post(browser, PAGE, page=PAGE, email=email, password=PASSWORD).status_code == 303
    return started(running)[-1].link.removeprefix("http://localhost")


def email_of(running: RunningService, society: str) -> str | None:
    return members_of(running, society)[0].email


def reason(browser: FlaskClient, path: str, status: int = 410) -> str:
    answer = browser.get(path)
    assert answer.status_code == status
    found = re.search(r'data-reason="([^"]+)"', answer.text)
    assert found
    return found[1]


@pytest.mark.rule("M12")
@pytest.mark.rule("S8")
def test_the_address_changes_when_the_link_is_confirmed_and_the_old_one_is_told(
    app: Flask, running: RunningService, society: str, person: MemberRow, her: FlaskClient
) -> None:
    path = ask(running, her)
    (message,) = started(running)
    assert (message.email, message.person_id, message.known) == (NEW, person.id, False)
    assert NEW in her.get(PAGE).text
    assert her.get(path).status_code == 200 and her.get(path).status_code == 200, "looking uses nothing up"
    assert email_of(running, society) == OLD
    assert post(her, path, page=path).status_code == 303
    assert email_of(running, society) == NEW
    assert her.get("/members/my/").status_code == 200, "she stays logged in"
    (changed,) = [message for message in said(running) if isinstance(message, EmailChanged)]
    assert (changed.before, changed.person_id) == (OLD, person.id)
    assert [m.person.email for m in said(running) if isinstance(m, PersonChanged)][-1] == NEW
    with running.unit(society, reading=True) as uow:
        entry = uow.session.scalars(sa.select(AuditRow).where(AuditRow.action == "change-own-email")).one()
        assert (entry.before, entry.after) == ({"email": OLD}, {"email": NEW})
    assert log_in(app.test_client(), NEW).status_code == 303
    assert log_in(app.test_client(), OLD).status_code == 401
    assert reason(her, path) == "used"


@pytest.mark.rule("M12")
def test_whoever_is_not_logged_in_is_told_to_log_in_with_the_old_address_and_comes_back(
    app: Flask, running: RunningService, society: str, her: FlaskClient
) -> None:
    path, elsewhere = ask(running, her), app.test_client()
    to_login = elsewhere.get(path)
    assert to_login.status_code == 302 and to_login.headers["Location"].endswith(f"next={path}")
    assert "変更前のメールアドレスでログイン" in elsewhere.get(to_login.headers["Location"]).text
    back = log_in(elsewhere, OLD, next=path)
    assert back.headers["Location"] == path
    assert post(elsewhere, path, page=path).status_code == 303
    assert email_of(running, society) == NEW


@pytest.mark.rule("M12")
@pytest.mark.rule("S8")
def test_somebody_else_s_session_confirms_nothing_and_says_so(
    app: Flask, running: RunningService, society: str, her: FlaskClient, hashed: str
) -> None:
    path, other = ask(running, her), app.test_client()
    with_account(running, society, a_member(running, society, name="他 人", email="other@example.jp"), hashed)
    log_in(other, "other@example.jp")
    assert reason(other, path, status=403) == "somebody-else"
    assert post(other, path, page=PAGE).status_code == 403
    assert OLD in {row.email for row in members_of(running, society)}
    assert post(her, path, page=path).status_code == 303, "for its owner it stays valid"


@pytest.mark.rule("M12")
def test_each_wrong_link_says_what_is_wrong(
    running: RunningService, society: str, person: MemberRow, her: FlaskClient
) -> None:
    older, newer = ask(running, her), ask(running, her, "newer@example.jp")
    assert reason(her, older) == "superseded"
    assert post(her, older, page=PAGE).status_code == 410
    assert reason(her, newer[:-3]) == "truncated"
    assert reason(her, newer[:-3] + "AAA") == "unknown"
    with clock.travel(by=timedelta(hours=24, minutes=1)):
        log_in(her, OLD)
        assert reason(her, newer) == "expired"
    with running.unit(society) as uow:
        change_member(uow, person.id, {"email": "office@example.jp"})
    assert reason(her, newer) == "address-changed"
    assert email_of(running, society) == "office@example.jp"


@pytest.mark.rule("M3")
@pytest.mark.rule("S6")
def test_the_page_does_not_tell_that_an_address_is_somebody_s(
    running: RunningService, society: str, her: FlaskClient
) -> None:
    a_member(running, society, name="他 人", email="taken@example.jp")
    answers = []
    for email in ("taken@example.jp", NEW):
        answer = post(her, PAGE, page=PAGE, email=email, password=PASSWORD)
        answers.append((answer.status_code, answer.headers["Location"], words(her.get(PAGE)).replace(email, "…")))
    assert answers[0] == answers[1]
    taken, free = started(running)
    assert (taken.known, taken.link, free.known) == (True, "", False)


@pytest.mark.rule("M3")
def test_an_address_that_was_taken_meanwhile_is_not_changed_to(
    running: RunningService, society: str, her: FlaskClient
) -> None:
    path = ask(running, her)
    a_member(running, society, name="他 人", email=NEW)
    answer = post(her, path, page=path)
    assert answer.status_code == 410 and 'data-reason="taken"' in answer.text
    assert OLD in {row.email for row in members_of(running, society)}


@pytest.mark.rule("S8")
def test_the_password_is_asked_for_and_wrong_ones_are_counted(running: RunningService, her: FlaskClient) -> None:
    wrong = post(her, PAGE, page=PAGE, email=NEW, password="wrong password")
    assert wrong.status_code == 422 and 'id="e-password"' in wrong.text
    assert post(her, PAGE, page=PAGE, email="nobody", password=PASSWORD).status_code == 422
    assert post(her, PAGE, page=PAGE, email=OLD.upper(), password=PASSWORD).status_code == 422
    assert started(running) == []
    for _ in range(100):
        status = post(her, PAGE, page=PAGE, email=NEW, password="wrong password").status_code
        if status == 429:
            break
    assert status == 429


@pytest.mark.rule("S6")
def test_nobody_s_mailbox_is_filled_and_the_count_tells_nothing_of_anybody(
    running: RunningService, society: str, her: FlaskClient
) -> None:
    a_member(running, society, name="他 人", email="taken@example.jp")
    for _ in range(5):
        post(her, "/members/password", email="taken@example.jp")
        post(her, "/members/password", email=NEW)
    answer_requests(running)
    for email in ("taken@example.jp", NEW):
        found = [post(her, PAGE, page=PAGE, email=email, password=PASSWORD).status_code for _ in range(5)]
        assert found == [303] * 5, "what others asked for counts apart"
    assert post(her, PAGE, page=PAGE, email="third@example.jp", password=PASSWORD).status_code == 429, "of one person"


def test_old_changes_are_forgotten(running: RunningService, society: str, her: FlaskClient) -> None:
    ask(running, her)
    with clock.travel(by=timedelta(days=31, minutes=1)), running.unit(society) as uow:
        forget_old_changes(uow)
        assert uow.session.scalars(sa.select(EmailChangeRow)).all() == []


@pytest.mark.rule("M3+")
def test_the_address_of_somebody_who_has_left_is_freed_in_one_step(
    running: RunningService, society: str, as_role: LogIn
) -> None:
    office = as_role(Role.AFFAIRS)
    gone = a_member(running, society, email=OLD, standing="left")
    page = f"/members/console/members/{gone.id}"
    assert post(office, f"{page}/free-address", page=page).status_code == 303
    again = a_member(running, society, name="再 入会", email=OLD)
    assert {row.name: row.email for row in members_of(running, society)} == {"髙橋 花子": None, "再 入会": OLD}
    assert OLD in office.get(page).text, "the history of changes keeps it"
    stays = f"/members/console/members/{again.id}"
    assert post(office, f"{stays}/free-address", page=stays).status_code == 409
    assert "free-address" not in office.get(stays).text
    token = {"Authorization": f"Bearer {office.get_cookie('tsudoi_token').value}"}  # type: ignore[union-attr]
    assert office.delete(f"/members/api/members/{again.id}/email", headers=token).status_code == 409
    assert post(as_role(Role.READER), f"{page}/free-address", page=page).status_code == 403


@pytest.mark.rule("S1")
def test_the_address_of_staff_is_freed_by_administrators_only(
    app: Flask, running: RunningService, society: str, hashed: str
) -> None:
    chief = a_member(running, society, name="局 長", email="chief@example.jp", standing="left")
    with_account(running, society, chief, hashed, roles=["administrator"])
    clerk, page = app.test_client(), f"/members/console/members/{chief.id}"
    row = a_member(running, society, name="係 員", email="clerk@example.jp")
    with_account(running, society, row, hashed, roles=["affairs"])
    log_in(clerk, "clerk@example.jp")
    assert post(clerk, f"{page}/free-address", page=page).status_code == 403
    assert "chief@example.jp" in {row.email for row in members_of(running, society)}
