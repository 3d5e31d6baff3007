"""Names, titles and addresses that try to be something else: they stay text."""

from __future__ import annotations

import pytest

from services.notifications.rendering import html_of, render
from services.notifications.sending import send_due
from services.notifications.writing import is_usable_address
from shared.service import RunningService
from tests.unit.notifications.conftest import letters
from tests.unit.notifications.facts import society_changed, tell, tell_invoice, tell_person
from tests.unit.notifications.mail_server import MailServer

BREAKS = ["\r\n", "\n", "\r", "\x00", "\u2028", "\u2029", "\x0b", "\x0c", "\x85"]
NO_ADDRESSES = [
    "a@b.jp\r\nRCPT TO:<x@y.jp>",
    "a b@c.jp",
    "<a@b.jp>",
    "a@b.jp,c@d.jp",
    "a@",
    "@b.jp",
    "あ@b.jp",
    "a@b.jp\x00",
    "x" * 250 + "@b.jp",
]
ATTACKS = [
    "{{ society.name }}",
    "{% include 'frame.ja' %}",
    "{{ ''.__class__ }}",
    "{% for i in (1..999999999) %}x{% endfor %}",
]


@pytest.mark.rule("S19")
@pytest.mark.parametrize("line_end", BREAKS, ids=[f"U+{ord(text[-1]):04X}" for text in BREAKS])
def test_no_name_or_title_begins_a_header(mailing: RunningService, mail_server: MailServer, line_end: str) -> None:
    attack = f"花子{line_end}Bcc: thief@example.org{line_end}{line_end}<b>x</b>"
    tell(mailing, society_changed(revision=2, name=f"学会{line_end}Bcc: thief@example.org"))
    who = tell_person(mailing, name=attack)
    tell_invoice(mailing, who.id, title=attack)
    send_due(mailing)
    (arrived,) = mail_server.arrived
    assert arrived.recipients == ["hanako@example.org"]
    assert sorted(set(arrived.mail.keys())) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Content-Language",
            "Auto-Submitted",
            "MIME-Version",
            "Content-Type",
        ]
    )
    assert "<b>x</b>" not in arrived.html


@pytest.mark.rule("S19")
@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_an_address_that_is_none_never_reaches_a_server(
    mailing: RunningService, mail_server: MailServer, address: str
) -> None:
    assert not is_usable_address(address.strip())
    who = tell_person(mailing, email=address)
    tell_invoice(mailing, who.id)
    send_due(mailing)
    assert letters(mailing)[0].state == "failed" and not mail_server.offered


@pytest.mark.parametrize(
    "address", ["ta..ro@docomo.ne.jp", ".taro@ezweb.ne.jp", "taro.@docomo.ne.jp", "a+b@example.co.jp"]
)
def test_old_phone_addresses_are_served(mailing: RunningService, mail_server: MailServer, address: str) -> None:
    who = tell_person(mailing, email=address)
    tell_invoice(mailing, who.id)
    send_due(mailing)
    assert [arrived.recipients for arrived in mail_server.arrived] == [[address]]


@pytest.mark.rule("S13")
@pytest.mark.parametrize("attack", ATTACKS)
def test_what_people_write_is_never_run_as_a_template(running: RunningService, attack: str) -> None:
    who = tell_person(running, name=attack)
    tell_invoice(running, who.id, title=attack)
    send_due(running)
    (letter,) = letters(running)
    assert letter.state == "sent" and attack in (letter.text or "") and attack in (letter.subject or "")


@pytest.mark.rule("N5")
def test_only_a_link_alone_on_its_line_becomes_a_button() -> None:
    made = html_of("前文 https://a.example/ 後文\n\n▼ 支払う\nhttps://b.example/pay?x=1&y=2\n", "件名", "ja")
    assert made.count("<a ") == 1
    assert '<a href="https://b.example/pay?x=1&amp;y=2"' in made and ">支払う</a>" in made


def test_a_template_that_lacks_a_fact_says_so_instead_of_leaving_a_gap() -> None:
    with pytest.raises(Exception, match="society"):
        render("receipt-issued", "ja", {"about": {}})
