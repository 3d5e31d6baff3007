"""A process is known by pid and birth: started once, stopped with its family, never taken for another."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deploy.stack.errors import NotReady, ServerMissing
from deploy.stack.processes import Process

Make = Callable[..., Process]

PATIENT = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', {PATIENT!r}], start_new_session=True)
print('child', child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Process] = []

    def process(code: str, **settings: float) -> Process:
        name = f"process-{len(made)}"
        made.append(
            Process(
                name=name,
                argv=[sys.executable, "-c", code],
                log=str(tmp_path / f"{name}.log"),
                env=dict(os.environ),
                stop_seconds=settings.get("stop_seconds", 10),
            )
        )
        return made[-1]

    yield process
    for each in made:
        each.kill()


def read_log(process: Process, word: str) -> str:
    process.wait_ready(lambda: word in process.log_end(), 20)
    return process.log_end()


def test_a_started_process_is_alive_until_it_is_stopped(make: Make) -> None:
    process = make(PATIENT)
    assert not process.alive()
    process.start()
    pid = process.pid
    process.start()
    assert process.alive() and process.pid == pid
    process.stop()
    assert not process.alive() and pid is not None and not psutil.pid_exists(pid)


def test_a_process_that_does_not_listen_is_ended_after_its_time(make: Make) -> None:
    process = make(STUBBORN, stop_seconds=0.2)
    process.start()
    read_log(process, "deaf")
    process.stop()
    assert not process.alive()


@pytest.mark.parametrize("end", [Process.stop, Process.kill])
def test_what_it_started_ends_with_it(make: Make, end: Callable[[Process], None]) -> None:
    process = make(PARENT)
    process.start()
    child = psutil.Process(int(read_log(process, "child").split()[1]))
    end(process)
    deadline = time.monotonic() + 10
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_stranger_with_the_same_pid_is_left_alone(make: Make) -> None:
    stranger = make(PATIENT)
    stranger.start()
    assert stranger.pid is not None
    remembered = Process(**{**stranger.as_dict(), "born": psutil.Process(stranger.pid).create_time() - 1000})
    assert not remembered.alive()
    remembered.kill()
    remembered.stop()
    assert stranger.alive()


def test_another_command_finds_it_by_what_was_saved(make: Make) -> None:
    process = make(PATIENT)
    process.start()
    again = Process(**process.as_dict())
    assert again.alive()
    again.stop()
    assert not process.alive()


def test_waiting_tells_why_a_process_ended(make: Make) -> None:
    process = make("raise SystemExit('the cellar is flooded')")
    process.start()
    with pytest.raises(NotReady, match="the cellar is flooded"):
        process.wait_ready(lambda: False, 20)


def test_waiting_has_an_end(make: Make) -> None:
    process = make(PATIENT)
    process.start()
    with pytest.raises(NotReady, match="not ready after"):
        process.wait_ready(lambda: False, 0.1)


def test_a_program_that_is_not_installed_is_named(tmp_path: Path) -> None:
    process = Process(name="rabbit", argv=["/nowhere/rabbitmq-server"], log=str(tmp_path / "log"))
    with pytest.raises(ServerMissing, match="/nowhere/rabbitmq-server"):
        process.start()
