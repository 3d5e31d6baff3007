"""A real sender in a process of its own, killed again and again in the middle of its work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.messages.billing import InvoiceCreated
from shared.messages.members import PersonChanged
from shared.service import RunningService
from tests.unit.notifications.conftest import Start, letters
from tests.unit.notifications.facts import invoice, person, tell
from tests.unit.notifications.mail_server import MailServer

SENDER = """
import time
from services.notifications.sending import send_due
from services.notifications.service import SERVICE
running = SERVICE.start()
while True:
    send_due(running)
    time.sleep(0.05)
"""
LETTERS = 60
KILLS = 3


def until(what: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.rule("F3")
@pytest.mark.rule("I8")
def test_a_sender_killed_again_and_again_skips_nobody(start: Start, mail_server: MailServer, tmp_path: Path) -> None:
    running = start(smtp=mail_server.url)
    people = [person(email=f"p{number}@example.org") for number in range(LETTERS)]
    tell(running, *(PersonChanged(person=each) for each in people))
    tell(running, *(InvoiceCreated(invoice=invoice(each.id)) for each in people), bulk=True)
    for kill in range(KILLS + 1):
        sender = _start_sender(running, tmp_path, hours=kill)  # an hour later the letter in a dead hand is free again
        try:
            wanted = (kill + 1) * LETTERS // (KILLS + 2)
            until(lambda: len(mail_server.arrived) >= (wanted if kill < KILLS else LETTERS))  # noqa: B023
            if kill == KILLS:
                until(lambda: {letter.state for letter in letters(running)} == {"sent"})
        finally:
            sender.kill()
            sender.wait()
    copies = Counter(arrived.recipients[0] for arrived in mail_server.arrived)
    assert len(copies) == LETTERS and sum(copies.values()) <= LETTERS + KILLS
    assert len({arrived.mail["Message-ID"] for arrived in mail_server.arrived}) == LETTERS


def _start_sender(running: RunningService, folder: Path, *, hours: int) -> subprocess.Popen[bytes]:
    settings = running.settings
    clock_file = folder / "clock"
    clock_file.write_text(str(hours * 3600))
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TSUDOI_")},
        "TSUDOI_DATABASE_NOTIFICATIONS": settings.database,
        "TSUDOI_SECRET": settings.secret,
        "TSUDOI_TOKEN_PUBLIC": str(settings.token_public),
        "TSUDOI_SMTP": getattr(settings, "smtp", ""),
        "TSUDOI_CLOCK_FILE": str(clock_file),
    }
    return subprocess.Popen([sys.executable, "-c", SENDER], env=environment)
