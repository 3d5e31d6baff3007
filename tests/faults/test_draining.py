"""Told to stop, every process finishes what it holds; and replaced one by one under load, nobody notices."""

from __future__ import annotations

import json
import random
import signal
import socket
from contextlib import closing
from itertools import cycle, islice
from uuid import UUID

import pytest
import requests

from deploy.stack.errors import NotReady
from deploy.stack.stack import Stack
from deploy.stack.state import SERVICES
from shared.identity import Role
from shared.ids import new_id
from tests.faults.books import reading
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site, today
from tests.faults.stream import wait_for
from tests.faults.visitors import Visitors

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(1500)]

ALL = [(kind, service) for service in SERVICES for kind in ("web", "work", "relay")]


@pytest.mark.campaign
@pytest.mark.row("C2")
def test_rolling_restarts_under_load_fail_no_request_and_lose_no_message(
    stack: Stack, site: Site, seed: int, campaign: bool, score: Score
) -> None:
    office = Office.found(site)
    bills = office.bill(6)
    order = random.Random(seed).sample(ALL, len(ALL)) if campaign else ALL[:3]
    with Visitors(site, office.society, office.members, seed=seed) as visitors:
        wait_for(lambda: visitors.entered, seconds=30)
        load = office.payers(bills, seed=seed)
        try:
            for kind, service in islice(cycle(order), 50 if campaign else 3):
                old = stack.process(kind, service)
                score.injected()
                stack.roll(kind, service)
                assert (old.exit_code, old.alive()) == (0, False)
                assert stack.process(kind, service).pid != old.pid
            load.finish()
        finally:
            load.stop()
    print(dict(visitors.statuses), "asked again:", visitors.asked_again)
    assert not visitors.failed
    assert not load.trouble
    assert not [status for status in load.statuses if status >= 500], load.statuses
    score.judge(site)
    assert _entered(site, office.society) >= set(visitors.entered)


def _entered(site: Site, society: str) -> set[str]:
    """Keys of all payments in the books; each stands there once."""
    query = "SELECT entry_key FROM payments WHERE society_id = :society AND entry_key IS NOT NULL"
    with reading({"payments": site.databases["payments"]}) as books:
        keys = [row.entry_key.partition("/")[0] for row in books.rows("payments", query, society=society)]
    assert len(keys) == len(set(keys))
    return set(keys)


@pytest.mark.row("C2")
def test_a_web_process_that_is_told_to_stop_answers_what_it_has_and_takes_nothing_more(
    stack: Stack, site: Site, score: Score
) -> None:
    """Whoever comes now is refused at once, so that a gateway can ask another instance; nobody waits in vain."""
    office = Office.found(site)
    address = ("127.0.0.1", stack.state.ports["web-payments"])
    process = stack.process("web", "payments")
    head, body = _entry(site, office)
    with closing(socket.create_connection(address, timeout=30)) as slow:
        slow.sendall(head)
        assert slow.recv(1000).startswith(b"HTTP/1.1 100")  # it is being answered, and waits for the rest
        score.injected()
        process.signal(signal.SIGTERM)
        score.recovered(wait_for(lambda: _refused(address), seconds=5))
        assert process.alive()
        slow.sendall(body)
        assert b"HTTP/1.1 201" in slow.recv(65_536)
    wait_for(lambda: not process.alive(), seconds=30)
    assert process.exit_code == 0


def _entry(site: Site, office: Office) -> tuple[bytes, bytes]:
    part = {"payer_id": office.members[0], "amount": 1_000}
    entry = {"method": "cash", "received_on": today(), "parts": [part], "entry_key": str(UUID(new_id()))}
    body = json.dumps(entry).encode()
    lines = [
        "POST /payments/api/payments HTTP/1.1",
        "Host: payments",
        f"Authorization: Bearer {site.token(office.society, Role.ACCOUNTING)}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
    ]
    return "\r\n".join([*lines, "", ""]).encode(), body


def _refused(address: tuple[str, int]) -> bool:
    try:
        with closing(socket.create_connection(address, timeout=5)):
            return False
    except (ConnectionRefusedError, ConnectionResetError):  # the latter: it closed while we stood in its queue
        return True


def test_when_the_new_process_does_not_become_ready_the_old_one_goes_on(stack: Stack, site: Site) -> None:
    old, port = stack.process("web", "payments"), stack.state.ports["web-payments"]
    with pytest.raises(NotReady):
        stack.roll("web", "payments", env={"TSUDOI_SECRET": "too short"})
    assert stack.process("web", "payments") is old
    assert stack.state.ports["web-payments"] == port
    assert old.alive()
    assert requests.get(f"{site.url}/payments/health/ready", timeout=10).status_code == 200
