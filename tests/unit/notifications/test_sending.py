"""Letters over SMTP: what the server says decides what becomes of them, and nothing that dies loses or doubles them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from services.notifications import sending
from services.notifications.envelope import Mail
from services.notifications.letters import resend_letter
from services.notifications.sending import Sender, send_due
from services.notifications.settings import NotificationsSettings
from services.notifications.smtp import Outcome, SmtpConnection
from shared import clock
from shared.messages.notifications import LetterBounced
from shared.service import RunningService
from tests.unit.notifications.conftest import Start, letters
from tests.unit.notifications.facts import (
    OTHER,
    SOCIETY,
    password_link,
    receipt,
    said,
    tell,
    tell_invoice,
    tell_person,
)
from tests.unit.notifications.mail_server import STALL, MailServer

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreachable server is asked again at once."""
    monkeypatch.setattr(sending, "PAUSES", (0,))


@pytest.mark.rule("N5")
def test_a_letter_arrives_as_text_and_html_with_its_link_whole(
    mailing: RunningService, mail_server: MailServer
) -> None:
    who = tell_person(mailing, name="髙橋 花子", email="hanako@example.org")
    bill = tell_invoice(mailing, who.id)
    send_due(mailing)
    (arrived,) = mail_server.arrived
    link = f"https://tsudoi.example.org/payments/my/pay/{bill.id}"
    assert link in arrived.text.splitlines()  # alone on its line
    assert f'<a href="{link}"' in arrived.html
    assert arrived.recipients == ["hanako@example.org"]
    assert arrived.mail["From"].addresses[0].display_name == "日本集い学会"
    assert arrived.mail["To"].addresses[0].display_name == "髙橋 花子"
    assert arrived.mail["Auto-Submitted"] == "auto-generated"
    assert max(map(len, arrived.content.split(b"\r\n"))) <= 78  # no relay has a reason to break a line
    (letter,) = letters(mailing)
    assert letter.state == "sent" and letter.sent_at and (letter.delivery or "").startswith("250")


@pytest.mark.rule("F1")
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", ["421 4.3.2 try again later", "450 4.2.0 greylisted", "451 4.3.0 local error"])
def test_a_server_that_asks_to_come_again_gets_the_same_letter_later(
    mailing: RunningService, mail_server: MailServer, step: str, answer: str
) -> None:
    who = tell_person(mailing)
    tell(mailing, password_link(who.id))
    mail_server.answers[step] = [answer]
    send_due(mailing)
    (waiting,) = letters(mailing)
    assert (waiting.state, waiting.attempts, len(mail_server.arrived)) == ("retrying", 1, 0)
    assert answer[:3] in (waiting.delivery or "")
    send_due(mailing)
    assert not mail_server.arrived  # not before its time
    with clock.travel(by=HOUR):
        send_due(mailing)
    (letter,) = letters(mailing)
    assert letter.state == "sent"
    assert [a.mail["Message-ID"] for a in mail_server.arrived] == [waiting.message_id]


@pytest.mark.rule("N6")
def test_tries_grow_apart_and_end_after_about_a_day(mailing: RunningService, mail_server: MailServer) -> None:
    who = tell_person(mailing)
    tell(mailing, password_link(who.id))
    mail_server.answers["RCPT"] = ["450 busy"] * 100
    pauses = []
    with clock.travel():
        for _ in range(len(sending.DELAYS) + 1):
            send_due(mailing)
            (letter,) = letters(mailing)
            if letter.next_try_at is None:
                break
            pauses.append(letter.next_try_at - clock.now())
            clock._offset += pauses[-1]
    assert letter.state == "failed" and "450 busy" in (letter.delivery or "")
    assert pauses[0] < pauses[2] < pauses[4] < pauses[6]
    assert timedelta(hours=16) < sum(pauses, timedelta()) < timedelta(hours=36)


@pytest.mark.rule("N6")
@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_refused_mailbox_is_recorded_and_told(mailing: RunningService, mail_server: MailServer, step: str) -> None:
    who = tell_person(mailing)
    tell(mailing, password_link(who.id))
    mail_server.answers[step] = ["550 5.1.1 no such mailbox"]
    send_due(mailing)
    (letter,) = letters(mailing)
    assert (letter.state, letter.delivery) == ("bounced", "550 5.1.1 no such mailbox")
    bounced = [m for m in said(mailing) if isinstance(m, LetterBounced)]
    assert [(m.letter_id, m.person_id, m.code) for m in bounced] == [(letter.id, who.id, "550")]
    with clock.travel(by=HOUR):
        send_due(mailing)
    assert not mail_server.arrived


@pytest.mark.rule("N6")
def test_a_letter_refused_for_its_content_says_nothing_about_the_address(
    mailing: RunningService, mail_server: MailServer
) -> None:
    who = tell_person(mailing)
    tell(mailing, password_link(who.id))
    mail_server.answers["DATA"] = ["554 5.7.1 looks like spam"]
    send_due(mailing)
    (letter,) = letters(mailing)
    assert letter.state == "failed" and not said(mailing)


@pytest.mark.rule("F2")
def test_silence_after_the_final_dot_is_answered_by_one_more_try_with_the_same_message_id(
    mailing: RunningService, mail_server: MailServer
) -> None:
    who = tell_person(mailing)
    tell(mailing, receipt(who.id))
    mail_server.answers["DATA"] = [STALL, STALL]
    send_due(mailing)
    assert letters(mailing)[0].state == "retrying"
    with clock.travel(by=HOUR):
        send_due(mailing)
    with clock.travel(by=HOUR * 48):
        send_due(mailing)
    (letter,) = letters(mailing)
    assert letter.state == "unknown"
    assert [a.mail["Message-ID"] for a in mail_server.arrived] == [letter.message_id] * 2


@pytest.mark.rule("F2")
def test_a_bulk_letter_with_an_unknown_end_is_left_to_staff(mailing: RunningService, mail_server: MailServer) -> None:
    who = tell_person(mailing)
    tell_invoice(mailing, who.id, run_id="019f3333-3333-7333-8333-333333333333")
    mail_server.answers["DATA"] = [STALL]
    send_due(mailing)
    with clock.travel(by=HOUR * 48):
        send_due(mailing)
    (letter,) = letters(mailing)
    assert letter.state == "unknown" and len(mail_server.arrived) == 1
    with mailing.unit(SOCIETY) as uow:
        resend_letter(uow, letter.id)
    send_due(mailing)
    assert letters(mailing)[0].state == "sent"
    assert len({a.mail["Message-ID"] for a in mail_server.arrived}) == 1


@pytest.mark.rule("F1")
def test_a_server_that_is_down_costs_no_letter_an_attempt(mailing: RunningService, mail_server: MailServer) -> None:
    who = tell_person(mailing)
    tell(mailing, password_link(who.id))
    mail_server.stop()
    send_due(mailing)
    (letter,) = letters(mailing)
    assert (letter.state, letter.attempts) == ("retrying", 0)
    mail_server.start()
    send_due(mailing)
    assert letters(mailing)[0].state == "sent" and len(mail_server.arrived) == 1


def test_an_unreachable_server_is_left_alone_for_a_growing_while(
    start: Start, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PAUSES", (3600,))
    running = start(smtp=mail_server.url)
    who = tell_person(running)
    tell(running, password_link(who.id))
    mail_server.stop()
    send_due(running)
    mail_server.start()
    send_due(running)
    assert not mail_server.offered


def test_one_connection_carries_many_letters(mailing: RunningService, mail_server: MailServer) -> None:
    for number in range(60):
        who = tell_person(mailing, email=f"p{number}@example.org")
        tell_invoice(mailing, who.id)
    send_due(mailing)
    assert len(mail_server.arrived) == 60 and mail_server.connections == 1


@pytest.mark.rule("N1")
def test_a_password_link_does_not_wait_behind_the_letters_of_a_run(
    mailing: RunningService, mail_server: MailServer
) -> None:
    run = "019f3333-3333-7333-8333-333333333333"
    for number in range(30):
        who = tell_person(mailing, email=f"p{number}@example.org")
        tell_invoice(mailing, who.id, run_id=run)
    tell(mailing, password_link(who.id))
    send_due(mailing)
    assert "members/password" in mail_server.arrived[0].text and len(mail_server.arrived) == 31


def test_every_society_has_its_turn(
    mailing: RunningService, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TURN", 5)
    for society in (SOCIETY, OTHER):
        for number in range(12):
            who = tell_person(mailing, society=society, email=f"p{number}@{society[:8]}.example.org")
            tell_invoice(mailing, who.id, society=society)
    send_due(mailing)
    order = [arrived.recipients[0].split("@")[1][:8] for arrived in mail_server.arrived]
    assert Counter(order) == {SOCIETY[:8]: 12, OTHER[:8]: 12} and len(set(order[:10])) == 2


@pytest.mark.rule("F6")
def test_each_letter_holds_its_own_recipient_only(mailing: RunningService, mail_server: MailServer) -> None:
    canaries = {}
    for number in range(100):
        who = tell_person(mailing, email=f"canary{number}@example.org", name=f"金糸雀{number:04d}号")
        bill = tell_invoice(mailing, who.id, number=f"N-{number:05d}", total=1_000 + number, due=1_000 + number)
        canaries[who.email] = (who.name, bill.number, bill.id)
    send_due(mailing)
    assert len(mail_server.arrived) == 100
    for arrived in mail_server.arrived:
        (to,), text = arrived.recipients, arrived.text
        for email, marks in canaries.items():
            found = [mark in text for mark in marks]
            assert all(found) if email == to else not any(found)


class DiesAfterSending:
    """A sender that is killed each time between the server's yes and our mark."""

    def __init__(self, running: RunningService) -> None:
        settings = running.settings
        assert isinstance(settings, NotificationsSettings) and settings.mail_server
        self.transport = SmtpConnection(settings.mail_server, 1)
        self.sender = Sender(running, settings, self)

    def deliver(self, mail: Mail) -> Outcome:
        self.transport.deliver(mail)
        raise KeyboardInterrupt  # nothing catches it, as nothing outlives a kill

    def close(self) -> None:
        self.transport.close()


@pytest.mark.rule("F3")
@pytest.mark.rule("I8")
def test_a_killed_sender_skips_nobody_and_doubles_at_most_the_letter_in_its_hand(
    mailing: RunningService, mail_server: MailServer
) -> None:
    for number in range(20):
        who = tell_person(mailing, email=f"p{number}@example.org")
        tell_invoice(mailing, who.id, run_id="019f3333-3333-7333-8333-333333333333")
    kills = 5
    with clock.travel():
        for _ in range(kills):
            with pytest.raises(KeyboardInterrupt):
                DiesAfterSending(mailing).sender.send_due()
        send_due(mailing)
        assert len(mail_server.arrived) == 20  # the five in question are left alone while their sender may be alive
        clock._offset += HOUR
        send_due(mailing)
    copies = Counter(arrived.recipients[0] for arrived in mail_server.arrived)
    assert len(copies) == 20 and sum(copies.values()) <= 20 + kills
    assert len({arrived.mail["Message-ID"] for arrived in mail_server.arrived}) == 20
    assert {letter.state for letter in letters(mailing)} == {"sent"}


@pytest.mark.rule("O3")
def test_sending_works_the_same_on_postgres(on_postgres: RunningService, mail_server: MailServer) -> None:
    who = tell_person(on_postgres)
    bill = tell_invoice(on_postgres, who.id)
    tell(on_postgres, password_link(who.id))
    mail_server.answers["RCPT"] = ["450 later"]
    send_due(on_postgres)
    with clock.travel(by=HOUR):
        send_due(on_postgres)
    assert sorted((a.kind, a.state) for a in letters(on_postgres)) == [
        ("invoice-created", "sent"),
        ("password-reset", "sent"),
    ]
    assert not letters(on_postgres, OTHER) and sum(bill.number in a.text for a in mail_server.arrived) == 1
