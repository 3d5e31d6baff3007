"""Releases beside each other: what the older one does not know is kept for the newer one, both declare the same
topology, and old and new processes mixed on one stack lose no yen."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import amqp
import pytest

from deploy.stack.stack import Stack
from services.billing.models import RunState
from shared.bus import consumer
from shared.bus.dead import replay_dead
from shared.bus.topology import close, connect, dead_queue, queue_name
from shared.bus.worker import run_worker
from shared.cli import SERVICES
from shared.ids import new_id
from shared.messages.billing import InvoicePaid
from tests.conformance import conftest as suite
from tests.conformance import sample
from tests.conformance.buses import Bus, until
from tests.conformance.sample import created, paid
from tests.contracts.release import ROOT, command, environment, previous_release
from tests.faults.billing_run import BillingRun
from tests.faults.load import DECLARED, Feeder, Payers
from tests.faults.score import Score
from tests.faults.site import Site, found_society
from tests.servers.plugin import FreshVhost

rabbit = suite.rabbit
STARTS = 20  # of each release
MEMBERS = 500
PAYMENTS = 60
MIXED = ("members", "billing", "payments", "events", "notifications")

DECLARE = f"""
import sys, threading
from shared.bus.topology import connect, close, declare, declare_topology
from shared.cli import SERVICES, service_named
services = [service_named(name) for name in SERVICES]
failed = []
together = threading.Barrier({STARTS})

def start(number):
    try:
        together.wait(60)
        if number % 2:
            declare_topology(sys.argv[1], services)
        else:
            service = services[number // 2 % len(services)]
            connection = connect(sys.argv[1])
            declare(connection.channel(), service.name, service.subscriptions)
            close(connection)
    except Exception as error:
        failed.append(repr(error))

print("ready", flush=True)
sys.stdin.readline()
threads = [threading.Thread(target=start, args=(number,)) for number in range({STARTS})]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*failed, sep="\\n")
sys.exit(bool(failed))
"""


@pytest.mark.row("A18")
def test_what_the_older_release_does_not_know_is_handled_after_the_update(
    rabbit: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both take from one queue; what only the newer one subscribes to is dead-lettered by the older, seen by whoever
    watches, and replayed."""
    monkeypatch.setattr(consumer, "COUNT_DEAD_EVERY", 0.1)
    shown = consumer.DEAD_LETTERS.labels("notifications")._value
    hears = dict(sample.NOTIFICATIONS.subscriptions)
    del hears[InvoicePaid]
    older = replace(sample.NOTIFICATIONS, subscriptions=hears).start(rabbit.notifications.settings)
    rabbit.start(workers=False)
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(older,), kwargs={"broker_url": rabbit.broker_url, "stop": stop})
    worker.start()
    try:
        messages = [created() for _ in range(5)]
        understood = rabbit.say(*messages)
        unknown = rabbit.say(*[paid(message.invoice.id) for message in messages])
        _say_in_a_version_to_come(rabbit)
        until(lambda: rabbit.all_handled(understood))
        until(lambda: _waiting(rabbit, dead_queue("notifications")) == len(unknown) + 1)
        until(lambda: shown.get() == len(unknown) + 1)
    finally:
        stop.set()
        worker.join()
        older.stop()
    assert not set(unknown) & set(rabbit.states())
    rabbit.start(relays=False)
    assert replay_dead(rabbit.broker_url, "notifications") == len(unknown) + 1
    until(lambda: rabbit.all_handled(unknown))
    until(lambda: _waiting(rabbit, dead_queue("notifications")) == 1)
    assert set(rabbit.effects().values()) == {1}


@pytest.mark.row("A19")
def test_old_and_new_starting_at_once_declare_the_same_topology(fresh_vhost: FreshVhost, score: Score) -> None:
    """None of them is refused with 406 (an argument that differs), in whatever order they come."""
    broker = fresh_vhost()
    starting = [
        subprocess.Popen(
            command(DECLARE, broker),
            env=environment(tree),
            cwd=tree,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for tree in (previous_release(), ROOT)
    ]
    try:
        for process in starting:
            assert process.stdout is not None and process.stdout.readline() == "ready\n"
        told = [process.communicate(timeout=120)[0] for process in _told_at_once(starting)]
    finally:
        for process in starting:
            process.kill()
    assert [process.returncode for process in starting] == [0, 0], told
    score.injected(2 * STARTS)
    channel = connect(broker).channel()
    try:
        for name in SERVICES:
            for queue in (queue_name(name, bulk=False), queue_name(name, bulk=True), dead_queue(name)):
                channel.queue_declare(queue, passive=True)
    finally:
        close(channel.connection)


@pytest.mark.campaign
@pytest.mark.slow
@pytest.mark.row("A18")
@pytest.mark.xdist_group("stack-faults")
@pytest.mark.timeout(1_200)
def test_both_releases_on_one_stack_carry_the_story_of_money(stack: Stack, site: Site, seed: int, score: Score) -> None:
    """Migrated by the new one; then workers and relays of both side by side, and pages first of one, then of the
    other, while a run is billed and paid: bill, notice, invoice paid, receipt, letter."""
    tree = previous_release()
    society, _ = found_society(site, MEMBERS)
    BillingRun(site, society, members=MEMBERS, year=2025, yen={"early": 10_000}).whole()
    run = BillingRun(site, society, members=MEMBERS)
    load = Payers(site, society, seed=seed).start()
    feeder = Feeder(load, limit=PAYMENTS).start()
    old = {"PYTHONPATH": str(tree)}
    try:
        with _beside(stack, tree):
            run.start()
            for service in MIXED:
                stack.restart("web", service, env=old)
                score.injected()
            run.wait_for(RunState.CREATED)
            run.confirm()
            for service in MIXED:  # for a while only the older release relays and works
                stack.halt("work", service)
                stack.halt("relay", service)
                score.injected(2)
            run.wait_for(RunState.CONFIRMED)
            for service in MIXED:
                for kind in ("relay", "work", "web"):
                    stack.restart(kind, service)
                    score.injected()
            site.wait_until(lambda: len(load.asked) >= PAYMENTS, seconds=120, why=lambda: len(load.asked))
            load.finish(seconds=180)
    finally:
        feeder.stop()
        load.stop()
        for service in MIXED:
            for kind in ("relay", "work", "web"):
                stack.restart(kind, service)
    assert not load.trouble
    assert set(load.statuses) <= {200, 201, 302, 303, 409, *DECLARED}, load.statuses
    score.judge(site)


@contextmanager
def _beside(stack: Stack, tree: Path) -> Iterator[None]:
    """A worker and a relay of each service in the older release, beside those of the stack."""
    old = []
    for service in MIXED:
        for kind in ("work", "relay"):
            # it keeps the account that it was started with: releases before the services' own declare all by themselves
            env = {"PYTHONPATH": str(tree), "TSUDOI_METRICS_PORT": "0", "TSUDOI_BROKER": stack.broker_url}
            process = stack.programs.process(f"{kind}-{service}", env)
            log = Path(process.log).with_name(f"old-{process.name}.log")
            old.append(replace(process, name=f"old-{process.name}", log=str(log)))
    try:
        for process in old:
            process.start()
        for process in old:
            process.wait_ready(lambda: process.talks_to(stack.state.ports["postgres"]), 90)  # noqa: B023
        yield
        assert all(process.alive() for process in old), [p.log_end() for p in old if not p.alive()]
    finally:
        for process in old:
            process.stop()


def _told_at_once(starting: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    """Both hear the signal before either is waited for."""
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return starting


def _say_in_a_version_to_come(bus: Bus) -> None:
    """Straight into the queue, as a newer worker's binding would bring it there."""
    envelope = bus.envelopes()[0]
    headers = {**envelope.headers(), "cloudEvents:id": new_id(), "cloudEvents:type": "billing.InvoiceCreated.v9"}
    channel = connect(bus.broker_url).channel()
    message = amqp.Message(envelope.payload, application_headers=headers, delivery_mode=2)
    channel.basic_publish_confirm(message, "", queue_name("notifications", bulk=False))
    close(channel.connection)


def _waiting(bus: Bus, queue: str) -> int:
    channel = connect(bus.broker_url).channel()
    try:
        return int(channel.queue_declare(queue, passive=True).message_count)
    finally:
        close(channel.connection)
