"""Messages between real services: broker away, consumers killed, repeated, mixed up, unreadable, poisonous.

A2 and A3 stand in tests/conformance (every crash point of the relay; confirms held back by a proxy, with a control),
and A2 under load in test_kills."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import amqp
import msgspec
import pytest
import requests
import sqlalchemy as sa

from deploy.stack.stack import Stack
from deploy.stack.state import SERVICES
from shared import clock
from shared.bus.inbox import InboxRow
from shared.bus.topology import queue_name
from shared.ids import new_id
from shared.messages.events import Registration, RegistrationCancelled, RegistrationPlaced
from shared.messages.payments import Payment, PaymentReceived
from tests.envelopes import envelope
from tests.faults import broker
from tests.faults.books import id_of, reading
from tests.faults.invariants import i10_everything_sent_is_processed
from tests.faults.office import Office
from tests.faults.post import publish, publish_at_once, state_in
from tests.faults.score import Score
from tests.faults.settling import settle, violations
from tests.faults.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(300)]

KILLED = 137
EIGHT_DAYS = 8 * 86_400.0
CASH = "cash"


@pytest.mark.row("A1")
def test_while_the_broker_is_away_everybody_goes_on_and_afterwards_all_is_told_in_order(
    stack: Stack, site: Site, seed: int, score: Score
) -> None:
    office = Office.found(site)
    bills = office.bill(24)
    log = Path(stack.process("relay", "payments").log)
    before = log.read_text().count("relay pauses")
    stack.kill("rabbit")
    score.injected()
    try:
        load = office.pay(bills, seed=seed)
        assert not [status for status in load.statuses if status >= 500], load.statuses
        for name in SERVICES:
            assert requests.get(f"{site.url}/{name}/health/ready", timeout=10).status_code == 200
        with reading(site.databases) as books:
            assert int(books.one("payments", "SELECT count(*) FROM outbox WHERE sent_at IS NULL")) >= len(bills)
        tries = log.read_text().count("relay pauses") - before
        assert tries < 40, "the relay does not back off"
    finally:
        stack.restart("rabbit")
    score.judge(site)
    assert _told_in_order(site, office.society) > len(bills)


def _told_in_order(site: Site, society: str) -> int:
    """Asserts that newer revisions of an invoice were never sent before older ones. Returns how many were compared."""
    query = "SELECT payload, sent_at FROM outbox WHERE society = :society AND type LIKE 'billing.Invoice%'"
    by_invoice: dict[str, list[tuple[int, float]]] = {}
    with reading(site.databases) as books:
        for row in books.rows("billing", query, society=society):
            invoice = msgspec.json.decode(row.payload)["invoice"]
            by_invoice.setdefault(invoice["id"], []).append((invoice["revision"], row.sent_at.timestamp()))
    for told in by_invoice.values():
        in_order = [sent for _, sent in sorted(told)]
        assert in_order == sorted(in_order)
    return sum(len(told) for told in by_invoice.values())


@pytest.mark.campaign
@pytest.mark.row("A6")
def test_workers_of_billing_and_payments_killed_at_every_point_repeat_and_lose_nothing(
    stack: Stack, site: Site, seed: int, score: Score
) -> None:
    """Each start dies at the next point, with all that the one before left undone and new messages on top."""
    office = Office.found(site)
    open_bills = office.bill(14)
    died: dict[str, list[str]] = {"billing": [], "payments": []}
    for service in died:
        stack.halt("work", service)
    for place, point in enumerate(("received", "decoded", "inbox", "effect", "outbox", "commit", "ack")):
        office.bill(2, wait=False)
        office.pay(open_bills[2 * place : 2 * place + 2], seed=seed, manner=CASH)
        dying = [name for name in died if (name, point) != ("payments", "outbox")]  # its handlers say nothing
        crash = {"TSUDOI_TESTING": "1", "TSUDOI_CRASH_AT": point}
        for service in dying:
            process = stack.programs.process(f"work-{service}", crash)
            stack.state.processes[f"work-{service}"] = process
            process.start()
        for service in dying:
            site.wait_until(lambda: _ended(stack, service))  # noqa: B023
            assert stack.process("work", service).exit_code == KILLED
            died[service].append(point)
            score.injected()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda service: stack.restart("work", service), died))
    settle(site)
    assert [len(points) for points in died.values()] == [7, 6]
    score.judge(site)


def _ended(stack: Stack, service: str) -> bool:
    """Its status is told a moment after its death."""
    process = stack.process("work", service)
    return not process.alive() and process.exit_code is not None


@pytest.mark.row("A7")
def test_each_message_up_to_five_times_at_once_and_again_eight_days_later_changes_nothing(
    stack: Stack, site: Site, seed: int, score: Score
) -> None:
    chance = random.Random(seed)
    office = Office.found(site)
    office.pay(office.bill(12), seed=seed)
    settle(site)
    before = office.fingerprint()
    said = {name: office.said(name) for name in SERVICES}
    again = [each for messages in said.values() for each in messages for _ in range(chance.randint(1, 5))]
    for later in (0.0, EIGHT_DAYS):
        site.move_clock(later)
        chance.shuffle(again)
        publish_at_once(site, again)
        score.injected(len(again))
        _queues_are_empty(stack, site)
        settle(site)
        assert office.fingerprint() == before
    ours = {each.id for messages in said.values() for each in messages}
    assert {each.id for name in SERVICES for each in office.said(name)} <= ours
    score.judge(site)


def _queues_are_empty(stack: Stack, site: Site) -> None:
    """Also of what a consumer holds unacked, which only the broker itself knows."""

    def held() -> int:
        told = stack.rabbit.control("list_queues", "-p", stack.rabbit.vhost, "name", "messages")
        rows = (line.split() for line in told.splitlines() if not line.startswith("name"))
        return sum(int(row[1]) for row in rows if row[0] in SERVICES or row[0].endswith(".bulk"))

    site.wait_until(lambda: held() == 0, why=held)


@pytest.mark.row("A7")
def test_control_without_the_inbox_messages_are_missed_and_only_the_use_cases_own_guard_holds(
    site: Site, seed: int, score: Score
) -> None:
    """What the inbox forgot is reported (I10) and, delivered again, handled again: the second wall stands alone."""
    office = Office.found(site)
    office.pay(office.bill(4), seed=seed, manner=CASH)
    settle(site)
    before = office.fingerprint()
    said = [each for name in SERVICES for each in office.said(name)]
    for name in ("billing", "payments", "notifications"):
        with reading(site.databases) as books:
            ids = {id_of(row.id) for row in books.rows(name, "SELECT id FROM inbox")}
        _forget(site, name, [each.id for each in said if each.id in ids])
    with reading(site.databases) as books:
        assert i10_everything_sent_is_processed(books) != []
    publish(site, said)
    settle(site)
    assert office.fingerprint() == before
    score.judge(site)


def _forget(site: Site, service: str, ids: list[str]) -> None:
    with site.running(service) as running, running.session() as session:
        session.execute(sa.delete(InboxRow).where(InboxRow.id.in_(ids)))


@pytest.mark.row("A8")
@pytest.mark.parametrize("shuffle", [1, 2])
def test_out_of_order_ends_as_in_order(stack: Stack, site: Site, seed: int, shuffle: int, score: Score) -> None:
    """Billing's relay is away; payments hears of the invoices alone, then everybody hears everything, mixed up."""
    chance = random.Random(seed + shuffle)
    office = Office.found(site)
    stack.halt("relay", "billing")
    try:
        bills = office.bill(12, wait=False)
        created = office.said("billing")
        with broker.channel(site.broker_url) as each:
            for message in created:
                headers = message.headers()
                told = amqp.Message(
                    message.payload, delivery_mode=2, message_id=message.id, application_headers=headers
                )
                each.basic_publish_confirm(told, "", queue_name("payments", bulk=False), confirm_timeout=10)
        site.wait_until(lambda: office.count("payments", "requests", [id for id, _ in bills]) == len(bills))
        office.pay(bills, seed=seed, manner="part")
        changed = len(bills) * 2
        site.wait_until(lambda: len(office.said("billing")) >= changed, why=lambda: len(office.said("billing")))
        office.pay(bills, seed=seed, manner="rest")
        # InvoiceCreated, InvoiceChanged twice, InvoicePaid and ReceiptIssued of each
        site.wait_until(lambda: len(office.said("billing")) >= 5 * len(bills), why=lambda: len(office.said("billing")))
        mixed = office.said("billing")
        chance.shuffle(mixed)
        score.injected(len(mixed))
        publish_at_once(site, mixed)
    finally:
        stack.restart("relay", "billing")
    settle(site)
    with reading(site.databases) as books:
        query = "SELECT revision FROM notes WHERE society_id = :society"
        assert {row.revision for row in books.rows("notifications", query, society=office.society)} == {3}
    score.judge(site)


@pytest.mark.row("A8")
def test_a_cancellation_that_overtakes_its_registration_waits_for_it(site: Site) -> None:
    office = Office.found(site, 1)
    placed = Registration(
        id=new_id(), revision=1, event_id=new_id(), event_title="大会", event_title_en="Meeting",
        person_id=office.members[0], state="placed", fee=5_000, tax_class="standard", pay_until=date(2027, 1, 31),
    )  # fmt: skip
    cancelled = msgspec.structs.replace(placed, revision=2, state="cancelled")
    early = envelope(RegistrationCancelled(registration=cancelled), office.society)
    publish(site, [early])
    site.wait_until(lambda: state_in(site, "billing", early.id) == "retrying")
    publish(site, [envelope(RegistrationPlaced(registration=placed), office.society)])
    site.wait_until(lambda: state_in(site, "billing", early.id) == "handled")
    settle(site)
    with reading(site.databases) as books:
        query = "SELECT state FROM invoices WHERE registration_id = :registration"
        assert [row.state for row in books.rows("billing", query, registration=placed.id)] == ["cancelled"]


@pytest.mark.row("A10")
def test_what_cannot_be_read_goes_to_the_dead_letters_and_its_neighbours_are_handled(site: Site, seed: int) -> None:
    """Kinds of damage; thousands of random ones stand in tests/conformance."""
    office = Office.found(site)
    bills = office.bill(6)
    good = envelope(_payment(new_id(), 10), office.society)
    load = office.payers(bills, seed=seed, manner=CASH)
    injected = set()
    try:
        for body, changes in UNREADABLE * 4:
            headers = {name: value for name, value in (good.headers() | changes).items() if value is not None}
            id = new_id()
            broker.put(site.broker_url, good.type, body or good.payload, headers, id=id, content_type="text/plain")
            injected.add(id)
        load.finish()
    finally:
        load.stop()
    settle(site)
    try:
        assert broker.dead(site.broker_url)["billing"] == injected
        assert not load.trouble
        assert violations(site, injected=injected) == []
        assert violations(site) != [], "dead letters are seen"
    finally:
        broker.empty_dead(site.broker_url, "billing")


UNREADABLE: tuple[tuple[bytes | str, dict[str, str | None]], ...] = (
    ("{", {}),
    ("null", {}),
    (b"\xff\xfe\x00", {}),
    (b"\x00" * 1000, {}),
    ('{"type": "payments.PaymentReceived.v1"}', {}),
    ('{"type": "billing.InvoicePaid.v1", "invoice": {}}', {}),
    ("", {"cloudEvents:id": None}),
    ("", {"cloudEvents:id": "17"}),
    ("", {"cloudEvents:type": "payments.PaymentReceived.v9"}),
    ("", {"cloudEvents:society": "elsewhere"}),
    ("", {"cloudEvents:time": "yesterday"}),
)


@pytest.mark.row("A11")
@pytest.mark.row("A9")
def test_poison_is_parked_by_itself_and_can_be_discarded(stack: Stack, site: Site, seed: int, score: Score) -> None:
    """One that billing refuses, one that its database refuses; a message that kills the process: tests/conformance."""
    office = Office.found(site)
    bills = office.bill(6)
    refused = envelope(_payment(None, 10_000), office.society)
    impossible = envelope(_payment(office.members[0], -5), office.society)
    load = office.payers(bills, seed=seed, manner=CASH)
    try:
        publish(site, [refused, impossible])
        load.finish()
    finally:
        load.stop()
    assert not load.trouble
    site.wait_until(lambda: _paid(site, office) == len(bills))
    for poison in (refused, impossible):
        site.wait_until(lambda: state_in(site, "billing", poison.id) == "parked", step=3600)  # noqa: B023
    stack.run("bus", "discard", "billing", refused.id, impossible.id, "--reason", "injected by a test")
    assert {state_in(site, "billing", poison.id) for poison in (refused, impossible)} == {"discarded"}
    score.judge(site)


def _payment(payer: str | None, amount: int) -> PaymentReceived:
    return PaymentReceived(
        payment=Payment(
            id=new_id(), revision=1, amount=amount, method="cash", received_on=clock.today(), received_at=clock.now(),
            payer_id=payer,
        )
    )  # fmt: skip


def _paid(site: Site, office: Office) -> int:
    with reading({"billing": site.databases["billing"]}) as books:
        query = "SELECT count(*) FROM invoices WHERE society_id = :society AND state = 'paid'"
        return int(books.one("billing", query, society=office.society))
