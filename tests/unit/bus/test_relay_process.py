"""What goes wrong in a relay: it hangs, a message cannot be stored, it is blocked while there is nothing to say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest
import requests
from prometheus_client import REGISTRY, start_http_server

from deploy.stack.ports import free_port
from shared import observe
from shared.bus import lag, worker
from shared.bus.local import LocalPublisher
from shared.bus.rabbit import Blocked, RabbitPublisher
from shared.bus.worker import HANGS, run_relaying
from shared.messages import Envelope
from tests.conformance.buses import Bus, until
from tests.conformance.sample import created


class Stuck(LocalPublisher):
    """Never comes back from the broker."""

    def __init__(self, free: threading.Event) -> None:
        super().__init__([])
        self.free = free

    def publish(self, envelopes: Sequence[Envelope]) -> set[str]:
        self.free.wait(60)
        return set()


def test_a_relay_that_hangs_ends_its_process(postgres_bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "HANGS_AFTER", 1.0)
    free, stop = threading.Event(), threading.Event()
    postgres_bus.say(created())
    try:
        assert run_relaying(postgres_bus.billing, Stuck(free), stop) == HANGS
    finally:
        stop.set()
        free.set()
        until(lambda: not any(each.name == "billing relay" for each in threading.enumerate()))


def test_a_relay_that_is_told_to_stop_ends_well(postgres_bus: Bus) -> None:
    stop = threading.Event()
    postgres_bus.say(created())
    threading.Timer(0.5, stop.set).start()
    assert run_relaying(postgres_bus.billing, postgres_bus.publisher(), stop) == 0


def test_a_message_that_cannot_be_stored_does_not_hold_up_its_neighbours(postgres_bus: Bus) -> None:
    ids = postgres_bus.say(*[created() for _ in range(3)])
    envelopes = postgres_bus.envelopes()
    envelopes[1] = msgspec.structs.replace(envelopes[1], correlation="\0")  # no text for PostgreSQL
    assert postgres_bus.publisher().publish(envelopes) == {ids[0], ids[2]}
    assert postgres_bus.states() == {ids[0]: "waiting", ids[2]: "waiting"}


def test_a_blocked_line_with_nothing_to_say_is_kept_and_stays_told(
    rabbit: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    rabbit.declare()
    publisher = RabbitPublisher(rabbit.broker_url)
    rabbit.say(created())
    publisher.publish(rabbit.envelopes())
    line = publisher._connection
    publisher._on_blocked("low on memory")
    with pytest.raises(Blocked):
        publisher._look(0)
    publisher._last_beat = 0.0
    publisher.keep_alive()
    assert publisher._connection is line
    assert observe.BROKER_BLOCKED._value.get() == 1
    publisher._throw_away()
    assert observe.BROKER_BLOCKED._value.get() == 0


def test_figures_are_served_where_the_settings_say(postgres_bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container Prometheus comes from outside."""
    monkeypatch.setattr(REGISTRY, "register", lambda collector: None)
    served = []
    monkeypatch.setattr(
        lag, "start_http_server", lambda *given, **named: served.append(start_http_server(*given, **named))
    )
    running = postgres_bus.billing
    port = free_port()
    running.settings = replace(running.settings, metrics_port=port, metrics_host="127.0.0.2")
    lag.serve_metrics(running)
    try:
        assert requests.get(f"http://127.0.0.2:{port}/metrics", timeout=10).status_code == 200
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
    finally:
        [(server, thread)] = served
        server.shutdown()
        server.server_close()
        thread.join(10)
