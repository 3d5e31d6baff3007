"""One real service in a stack: its processes are reached, counted, killed and brought back one by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest
import requests

from deploy.stack.stack import Stack
from deploy.stack.state import KINDS
from tests.servers.stacks import fresh_stack

SERVICE = "billing"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with fresh_stack(services=[SERVICE]) as started:
        yield started


def test_it_is_reached_through_the_gateway(stack: Stack) -> None:
    for question in ("live", "ready"):
        assert requests.get(f"{stack.gateway_url}/{SERVICE}/health/{question}", timeout=10).status_code == 200


@pytest.mark.rule("S40")
def test_its_figures_are_told_to_the_operator_alone(stack: Stack) -> None:
    assert requests.get(f"{stack.web_url(SERVICE)}/{SERVICE}/metrics", timeout=10).status_code == 200
    assert requests.get(f"{stack.gateway_url}/{SERVICE}/metrics", timeout=10).status_code == 404


def test_killed_processes_come_back(stack: Stack) -> None:
    before = {kind: stack.process(kind, SERVICE).pid for kind in KINDS}
    children = [child for pid in before.values() for child in psutil.Process(pid).children(recursive=True)]
    for kind in KINDS:
        stack.kill(kind, SERVICE)
        assert not stack.ready(f"{kind}-{SERVICE}")
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    restart_all(stack)
    for kind in KINDS:
        assert stack.ready(f"{kind}-{SERVICE}") and stack.process(kind, SERVICE).pid != before[kind]


def test_halted_processes_finish_in_time(stack: Stack) -> None:
    for kind in KINDS:
        process = stack.process(kind, SERVICE)
        process.stop_seconds = 60
        stack.halt(kind, SERVICE)
        assert process.exit_code == 0 and "Traceback" not in process.log_end(200)
    restart_all(stack)


def restart_all(stack: Stack) -> None:
    """At once, as each spends most of its start on one core."""
    with ThreadPoolExecutor(len(KINDS)) as pool:
        list(pool.map(lambda kind: stack.restart(kind, SERVICE), KINDS))


def test_a_restart_can_bring_more_settings(stack: Stack) -> None:
    stack.restart("relay", SERVICE, env={"TSUDOI_POOL_SIZE": "3"})
    pid = stack.process("relay", SERVICE).pid
    assert psutil.Process(pid).environ()["TSUDOI_POOL_SIZE"] == "3"
    stack.restart("relay", SERVICE)
    assert "TSUDOI_POOL_SIZE" not in psutil.Process(stack.process("relay", SERVICE).pid).environ()


def test_settings_of_whoever_starts_the_stack_do_not_leak_into_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TSUDOI_DATABASE_MEMBERS", "postgresql+psycopg://elsewhere/")
    stack.restart("relay", SERVICE)
    assert os.environ["TSUDOI_DATABASE_MEMBERS"]
    assert "TSUDOI_DATABASE_MEMBERS" not in psutil.Process(stack.process("relay", SERVICE).pid).environ()
