"""The mail sink keeps each mail whole, says whom it was for, and refuses on request."""

from __future__ import annotations

import email
import os
import smtplib
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from deploy.stack.ports import answers, free_port
from deploy.stack.processes import Process


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[int]:
    port = free_port()
    process = Process(
        name="smtp",
        argv=[sys.executable, "-m", "deploy.stack.smtp_sink", str(port), str(tmp_path / "mail")],
        log=str(tmp_path / "log"),
        env=dict(os.environ),
    )
    process.start()
    process.wait_ready(lambda: answers(port), 20)
    yield port
    process.stop()


def letter(to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "office@example.org", to, "年会費のご請求"
    message.set_content("髙橋 𠮷郎 様\n年会費をご請求申し上げます。\n")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="請求書.pdf")
    return message


def test_mails_are_kept_whole(sink: int, tmp_path: Path) -> None:
    with smtplib.SMTP("127.0.0.1", sink) as client:
        for number in range(3):
            client.send_message(letter(f"member{number}@example.org"))
    kept = [
        email.message_from_bytes(path.read_bytes(), policy=default)
        for path in sorted((tmp_path / "mail").glob("*.eml"))
    ]
    assert [mail["X-Envelope-To"] for mail in kept] == [f"member{number}@example.org" for number in range(3)]
    assert all(mail["Subject"] == "年会費のご請求" for mail in kept)
    assert all("髙橋 𠮷郎" in mail.get_body().get_content() for mail in kept)  # type: ignore[union-attr]
    assert [part.get_filename() for part in kept[0].iter_attachments()] == ["請求書.pdf"]


@pytest.mark.parametrize(("address", "code"), [("refuse-me@example.org", 550), ("later-me@example.org", 451)])
def test_bounces_can_be_tried_out(sink: int, tmp_path: Path, address: str, code: int) -> None:
    with smtplib.SMTP("127.0.0.1", sink) as client, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        client.send_message(letter(address))
    assert refused.value.recipients[address][0] == code
    assert not list((tmp_path / "mail").glob("*.eml"))
