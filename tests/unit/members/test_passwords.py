"""Links that set a password, and what a password must be like."""

from __future__ import annotations

import base64
import re
import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from services.members.accounts import account_of
from services.members.errors.logins import PasswordTooWeak
from services.members.members import change_member
from services.members.models import MemberRow, PasswordLinkRow
from services.members.password_requests import answer_requests
from services.members.passwords import check_strength, hash_password, is_right
from services.members.tokens import TOKEN_LENGTH
from shared import clock
from shared.messages.members import PasswordResetStarted
from shared.service import RunningService
from tests.unit.members.conftest import (
    PASSWORD,
    a_member,
    csrf,
    log_in,
    make_society,
    post,
    said,
    with_account,
    words,
)

EMAIL = "hanako@example.jp"
NEW = "another long password"


@pytest.fixture
def person(running: RunningService, society: str) -> MemberRow:
    return a_member(running, society, email=EMAIL)


def links(running: RunningService) -> list[PasswordResetStarted]:
    return [message for message in said(running) if isinstance(message, PasswordResetStarted)]


def asked(running: RunningService, client: FlaskClient, email: str = EMAIL) -> str:
    """The path of the link that a request brings by mail."""
    assert post(client, "/members/password", email=email).status_code == 200
    answer_requests(running)
    return links(running)[-1].link.removeprefix("http://localhost")


def set_to(client: FlaskClient, path: str, password: str = NEW) -> int:
    return int(post(client, path, password=password, again=password).status_code)


def reason(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 410
    assert "/members/password" in answer.text  # what to do next
    found = re.search(r'data-reason="([^"]+)"', answer.text)
    assert found
    return found[1]


@pytest.mark.rule("M11")
def test_a_link_comes_by_mail_and_sets_the_password(
    client: FlaskClient, running: RunningService, person: MemberRow
) -> None:
    path = asked(running, client)
    message = links(running)[0]
    assert (message.person_id, message.welcome) == (person.id, True)
    assert set_to(client, path) == 303
    assert client.get("/members/my/").status_code == 200
    client.delete_cookie("tsudoi_token")
    assert log_in(client, EMAIL, NEW).status_code == 303


@pytest.mark.rule("M11")
@pytest.mark.rule("S6")
def test_the_page_is_the_same_for_every_address(
    client: FlaskClient, running: RunningService, person: MemberRow
) -> None:
    known, unknown = (post(client, "/members/password", email=email) for email in (EMAIL, "nobody@example.jp"))
    assert known.status_code == unknown.status_code == 200
    assert words(known).replace(EMAIL, "") == words(unknown).replace("nobody@example.jp", "")
    answer_requests(running)
    assert [message.person_id for message in links(running)] == [person.id]


@pytest.mark.rule("S7")
def test_looking_at_a_link_uses_nothing_up(client: FlaskClient, running: RunningService, person: MemberRow) -> None:
    path = asked(running, client)
    for _ in range(3):  # mail scanners open links
        assert client.get(path).status_code == 200
    assert set_to(client, path) == 303


@pytest.mark.rule("S7")
def test_a_link_sets_a_password_once(
    app: Flask, client: FlaskClient, running: RunningService, person: MemberRow
) -> None:
    path = asked(running, client)
    stranger = app.test_client()
    token = csrf(stranger)
    assert set_to(client, path) == 303
    again = stranger.post(path, data={"csrf_token": token, "password": "a third password", "again": "a third password"})
    assert again.status_code == 410
    assert reason(app.test_client(), path) == "used"
    assert log_in(app.test_client(), EMAIL, NEW).status_code == 303


@pytest.mark.rule("S7")
@pytest.mark.parametrize(("seconds", "valid"), [(-1, True), (1, False)])
def test_a_link_is_valid_for_24_hours(
    client: FlaskClient, running: RunningService, person: MemberRow, seconds: int, valid: bool
) -> None:
    path = asked(running, client)
    with clock.travel(to=links(running)[0].expires_at + timedelta(seconds=seconds)):
        if valid:
            assert client.get(path).status_code == 200
        else:
            assert reason(client, path) == "expired"
            assert set_to(client, path) == 410
    assert timedelta(hours=23, minutes=59) < links(running)[0].expires_at - clock.now() <= timedelta(hours=24)


@pytest.mark.rule("S7")
def test_only_the_newest_link_is_valid(client: FlaskClient, running: RunningService, person: MemberRow) -> None:
    older, newest = asked(running, client), asked(running, client)
    assert reason(client, older) == "superseded"
    assert set_to(client, older) == 410
    assert set_to(client, newest) == 303


@pytest.mark.rule("S7")
@pytest.mark.parametrize("length", [1, 20, TOKEN_LENGTH - 1])
def test_a_link_that_lost_its_end_says_so(
    client: FlaskClient, running: RunningService, person: MemberRow, length: int
) -> None:
    path = asked(running, client)
    assert reason(client, path[: len("/members/password/") + length]) == "truncated"


@pytest.mark.rule("S7")
@pytest.mark.parametrize("token", ["A" * TOKEN_LENGTH, "!" * TOKEN_LENGTH, "A" * 100])
def test_a_link_that_was_never_sent_is_not_valid(client: FlaskClient, society: str, token: str) -> None:
    assert reason(client, f"/members/password/{token}") == "unknown"


@pytest.mark.rule("S7")
def test_a_link_belongs_to_the_address_that_it_was_sent_to(
    client: FlaskClient, running: RunningService, society: str, person: MemberRow
) -> None:
    path = asked(running, client)
    with running.unit(society) as uow:
        change_member(uow, person.id, {"email": "new@example.jp"})
    assert reason(client, path) == "address-changed"


@pytest.mark.rule("S7")
def test_the_host_header_has_no_say_in_the_link(
    client: FlaskClient, running: RunningService, person: MemberRow
) -> None:
    token = csrf(client)
    client.post(
        "/members/password", data={"email": EMAIL, "csrf_token": token}, headers={"X-Forwarded-Host": "evil.example"}
    )
    answer_requests(running)
    assert links(running)[0].link.startswith("http://localhost/members/password/")


@pytest.mark.rule("S7")
def test_the_secret_is_stored_as_a_digest_only(
    client: FlaskClient, running: RunningService, society: str, person: MemberRow
) -> None:
    token = asked(running, client).rpartition("/")[2]
    with running.unit(society, reading=True) as uow:
        row = uow.session.scalars(sa.select(PasswordLinkRow)).one()
        assert token not in {str(value) for value in vars(row).values()}


def test_a_link_of_one_society_is_worth_nothing_in_another(
    client: FlaskClient, running: RunningService, society: str, person: MemberRow
) -> None:
    raw = base64.urlsafe_b64decode(asked(running, client).rpartition("/")[2])
    other = uuid.UUID(make_society(running, "hokushin")).bytes
    path = f"/members/password/{base64.urlsafe_b64encode(other + raw[16:]).decode()}"
    assert reason(client, path) == "unknown"


@pytest.mark.rule("S10")
def test_a_locked_login_does_not_lock_its_owner_out(
    client: FlaskClient, running: RunningService, person: MemberRow
) -> None:
    for _ in range(11):
        log_in(client, EMAIL, "wrong password")
    assert log_in(client, EMAIL, "wrong password").status_code == 429
    path = asked(running, client)
    assert set_to(client, path) == 303
    assert client.get("/members/my/").status_code == 200


def test_nobody_is_flooded_with_mails(client: FlaskClient, running: RunningService, person: MemberRow) -> None:
    for _ in range(8):
        assert post(client, "/members/password", email=EMAIL).status_code == 200
    answer_requests(running)
    assert len(links(running)) == 5


@pytest.mark.rule("S9")
def test_a_reset_ends_every_session(
    app: Flask, client: FlaskClient, running: RunningService, society: str, person: MemberRow, hashed: str
) -> None:
    with_account(running, society, person, hashed)
    thief = app.test_client()
    log_in(thief, EMAIL)
    assert set_to(client, asked(running, client)) == 303
    assert thief.get("/members/my/").status_code == 302
    assert log_in(app.test_client(), EMAIL, PASSWORD).status_code == 401


def test_former_members_get_no_link(client: FlaskClient, running: RunningService, society: str) -> None:
    a_member(running, society, email=EMAIL, standing="left")
    post(client, "/members/password", email=EMAIL)
    answer_requests(running)
    assert links(running) == []


@pytest.mark.parametrize(
    ("password", "email", "good"),
    [
        ("short", EMAIL, False),
        ("aaaaaaaaaaaa", EMAIL, False),
        (EMAIL, EMAIL, False),
        ("HANAKO@example.JP", EMAIL, False),
        ("hanako.takahashi", "hanako.takahashi@example.jp", False),
        ("tsudoi-demo", EMAIL, True),
        ("とても長い合言葉です", EMAIL, True),
        ("x" * 201 + "yzw", EMAIL, False),
    ],
)
def test_a_password_has_ten_characters_and_is_not_the_address(password: str, email: str, good: bool) -> None:
    if good:
        check_strength(password, email)
    else:
        with pytest.raises(PasswordTooWeak):
            check_strength(password, email)


def test_a_weak_password_leaves_the_link_usable(
    client: FlaskClient, running: RunningService, person: MemberRow
) -> None:
    path = asked(running, client)
    assert set_to(client, path, "short") == 422
    assert post(client, path, password=NEW, again="something else").status_code == 422
    assert set_to(client, path) == 303


@pytest.mark.rule("M11")
def test_hashes_are_argon2id_and_never_alike() -> None:
    first, second = hash_password(PASSWORD), hash_password(PASSWORD)
    assert first.startswith("$argon2id$") and first != second
    assert is_right("ｃｏｒｒｅｃｔ horse battery", first)
    assert not is_right("wrong", first)
    assert not is_right(PASSWORD, None)


def test_an_account_is_made_when_it_is_first_needed(
    client: FlaskClient, running: RunningService, society: str, person: MemberRow
) -> None:
    with running.unit(society, reading=True) as uow:
        assert account_of(uow, person.id) is None
    asked(running, client)
    with running.unit(society, reading=True) as uow:
        assert account_of(uow, person.id) is not None
