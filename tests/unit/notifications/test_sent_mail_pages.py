"""Sent mail for staff (N2), and the mailbox of a trial installation, through the pages and the API."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from services.notifications.sending import send_due
from shared.identity import STAFF, Role
from shared.service import RunningService
from shared.web.access import undeclared_routes
from shared.web.app import create_app
from tests.unit.notifications.conftest import Start, letters
from tests.unit.notifications.facts import OTHER, application, password_link, tell, tell_invoice, tell_person
from tests.unit.notifications.mail_server import MailServer

LogIn = Callable[..., FlaskClient]
CONSOLE = "/notifications/console/letters"
API = "/notifications/api/letters"
MAILBOX = "/notifications/mailbox"


@pytest.fixture
def posted(running: RunningService) -> RunningService:
    """Two letters that went out, to two people."""
    hanako = tell_person(running, name="髙橋 花子", email="hanako@example.org", number="A-0001")
    taro = tell_person(running, name="山田 太郎", email="taro@example.org", number="A-0002")
    tell_invoice(running, hanako.id, number="2026-000777")
    tell(running, password_link(taro.id))
    send_due(running)
    return running


@pytest.mark.rule("N2")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("hanako@example.org", "花子"),
        ("HANAKO", "花子"),
        ("髙橋", "花子"),
        ("2026-000777", "花子"),
        ("A-0002", "太郎"),
        ("パスワード 太郎", "太郎"),
    ],
)
def test_sent_mail_is_found_by_address_name_and_words(
    posted: RunningService, log_in: LogIn, words: str, found: str
) -> None:
    page = log_in(posted, Role.READER).get(CONSOLE, query_string={"q": words}).text
    other = "太郎" if found == "花子" else "花子"
    assert found in page and other not in page


@pytest.mark.rule("N2")
def test_a_letter_shows_its_full_text_its_recipient_and_its_delivery(posted: RunningService, log_in: LogIn) -> None:
    letter = next(each for each in letters(posted) if each.kind == "invoice-created")
    page = log_in(posted, Role.ACCOUNTING).get(f"{CONSOLE}/{letter.id}").text
    for words in ("髙橋 花子", "hanako@example.org", "10,000円", letter.message_id or "?", "送信済"):
        assert words.replace("<", "&lt;").replace(">", "&gt;") in page
    assert f'href="https://tsudoi.example.org/payments/my/pay/{letter.invoice_id}"' in page


@pytest.mark.rule("M4")
@pytest.mark.parametrize("role", sorted(STAFF))
def test_only_those_who_may_finish_for_a_member_see_password_links(
    posted: RunningService, log_in: LogIn, role: Role
) -> None:
    letter = next(each for each in letters(posted) if each.kind == "password-reset")
    link = letter.facts["link"]
    client = log_in(posted, role)
    visible = role in (Role.ADMINISTRATOR, Role.AFFAIRS)
    assert (link in client.get(f"{CONSOLE}/{letter.id}").text) is visible
    assert (link in client.get(f"{API}/{letter.id}").get_json()["text"]) is visible
    assert (link in client.get(API).text) is visible
    if not visible:
        assert link.rsplit("/", 1)[1] not in client.get(f"{CONSOLE}?q=password").text


@pytest.mark.rule("M4")
@pytest.mark.rule("N2")
@pytest.mark.parametrize("role", sorted(STAFF))
def test_only_those_who_may_finish_for_an_applicant_see_the_link(
    running: RunningService, log_in: LogIn, role: Role
) -> None:
    started = application()
    tell(running, started)
    send_due(running)
    client = log_in(running, role)
    (letter,) = letters(running)
    assert "メールアドレス認証" in client.get(f"{CONSOLE}?q={started.email}").text
    visible = role in (Role.ADMINISTRATOR, Role.AFFAIRS)
    assert (started.link in client.get(f"{CONSOLE}/{letter.id}").text) is visible
    assert (started.link in client.get(API).text) is visible


def test_member_affairs_never_see_the_password_link_of_one_who_is_no_member(
    running: RunningService, log_in: LogIn
) -> None:
    colleague = tell_person(running, kind="guest", email="admin@example.org")
    link = password_link(colleague.id)
    tell(running, link)
    send_due(running)
    (letter,) = letters(running)
    assert link.link not in log_in(running, Role.AFFAIRS).get(f"{CONSOLE}/{letter.id}").text
    assert link.link in log_in(running, Role.ADMINISTRATOR).get(f"{CONSOLE}/{letter.id}").text


def test_a_failed_letter_is_sent_again_by_staff_who_may(
    mailing: RunningService, mail_server: MailServer, log_in: LogIn
) -> None:
    who = tell_person(mailing)
    tell(mailing, password_link(who.id))
    mail_server.answers["RCPT"] = ["550 no such mailbox"]
    send_due(mailing)
    (letter,) = letters(mailing)
    assert log_in(mailing, Role.READER).post(f"{API}/{letter.id}/resend").status_code == 403
    page = log_in(mailing, Role.AFFAIRS).get(f"{CONSOLE}/{letter.id}").text
    assert "再送する" in page and "550 no such mailbox" in page
    client = log_in(mailing, Role.AFFAIRS)
    token = client.get(f"{CONSOLE}/{letter.id}").text.split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post(f"{CONSOLE}/{letter.id}/resend", data={"csrf_token": token}).status_code == 303
    send_due(mailing)
    assert letters(mailing)[0].state == "sent"
    assert client.post(f"{CONSOLE}/{letter.id}/resend", data={"csrf_token": token}).status_code == 409


def test_the_api_lists_page_by_page_and_refuses_nonsense(posted: RunningService, log_in: LogIn) -> None:
    client = log_in(posted, Role.READER)
    first = client.get(f"{API}?limit=1").get_json()
    second = client.get(f"{API}?limit=1&after={first['next']}").get_json()
    assert {first["letters"][0]["kind"], second["letters"][0]["kind"]} == {"invoice-created", "password-reset"}
    assert second["next"] is None
    for wrong in ("limit=0", "limit=x", "state=lost", "after=1"):
        assert client.get(f"{API}?{wrong}").status_code == 422, wrong


@pytest.mark.rule("O3")
def test_another_societys_letters_are_not_found(posted: RunningService, log_in: LogIn) -> None:
    letter = letters(posted)[0]
    stranger = log_in(posted, Role.ADMINISTRATOR, society=OTHER)
    assert stranger.get(f"{CONSOLE}/{letter.id}").status_code == 404
    assert stranger.get(f"{API}/{letter.id}").status_code == 404
    assert stranger.get(API).get_json()["letters"] == []


def test_nobody_but_staff_sees_sent_mail(posted: RunningService, log_in: LogIn) -> None:
    letter = letters(posted)[0]
    for path in (CONSOLE, f"{CONSOLE}/{letter.id}"):
        assert log_in(posted, Role.MEMBER).get(path).status_code == 403
        assert log_in(posted).get(path).status_code == 302
    assert log_in(posted).get(API).status_code == 401
    assert not undeclared_routes(create_app(posted))


def test_the_mailbox_of_a_trial_shows_everybodys_post(posted: RunningService, log_in: LogIn) -> None:
    client = log_in(posted)
    page = client.get(MAILBOX).text
    assert page.index("taro@example.org") and page.index("hanako@example.org")
    assert "hanako@example.org" not in client.get(f"{MAILBOX}?q=taro").text
    letter = next(each for each in letters(posted) if each.kind == "password-reset")
    assert f'href="{letter.facts["link"]}"' in client.get(f"{MAILBOX}/{letter.id}").text


def test_there_is_no_mailbox_where_mail_goes_out(start: Start, log_in: LogIn, mail_server: MailServer) -> None:
    running = start(smtp=mail_server.url)
    who = tell_person(running)
    tell(running, password_link(who.id))
    send_due(running)
    (letter,) = letters(running)
    assert log_in(running).get(MAILBOX).status_code == 404
    assert log_in(running).get(f"{MAILBOX}/{letter.id}").status_code == 404
    assert log_in(running, Role.ADMINISTRATOR).get(MAILBOX).status_code == 404
