"""The two ways to run Tsudoi, behind one small interface: the story is told to both in the same words."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
import requests

from deploy.stack.ports import free_port
from tests.journeys.letters import Letter, MailFolder, Postman, TrialMailbox
from tests.servers.stacks import fresh_stack

T = TypeVar("T")
READY_SECONDS = 90.0


def wait_for(look: Callable[[], T | None], what: str, seconds: float = 30) -> T:
    """Look again and again until there is something to see; its absence after `seconds` is a failure."""
    deadline = time.monotonic() + seconds
    while True:
        if found := look():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still no {what}")
        time.sleep(0.1)


@dataclass
class Installation:
    """A Tsudoi that runs, with the demo society in it."""

    name: str
    url: str
    post: Postman
    clock_file: Path

    def letters_to(self, address: str) -> Sequence[Letter]:
        return self.post.letters_to(address)

    def letter(self, address: str, *words: str, seconds: float = 40) -> Letter:
        """The newest letter to an address that holds all these words in subject or text; waits until it is there."""

        def look() -> Letter | None:
            fitting = (
                letter
                for letter in reversed(self.letters_to(address))
                if all(word in f"{letter.subject}\n{letter.text}" for word in words)
            )
            return next(fitting, None)

        return wait_for(look, f"letter to {address} with {words}", seconds)

    def move_clock(self, *, minutes: int) -> None:
        """Every process of the installation is that much later from now on."""
        before = float(self.clock_file.read_text() or 0) if self.clock_file.exists() else 0.0
        self.clock_file.write_text(str(before + minutes * 60))


@dataclass
class Onebox:
    """One process of onebox that was started as a person would, `python -m services` for `make run`."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]
    seconds_to_ready: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return (self.home / "said.log").read_text()

    def interrupt(self) -> int:
        """Ctrl-C; gives back the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start_onebox(home: Path, port: int | None = None, *, demo: bool = True) -> Onebox:
    """Start one and wait until it answers a page with 200."""
    home.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TSUDOI_")}
    settings = {
        "TSUDOI_HOME": str(home),
        "TSUDOI_PORT": str(port),
        "TSUDOI_CLOCK_FILE": str(home / "clock"),
        "TSUDOI_DEMO": "1" if demo else "0",
    }
    began = time.monotonic()
    with open(home / "said.log", "ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "services"], env={**inherited, **settings}, stdout=said, stderr=subprocess.STDOUT
        )
    started = Onebox(home, port, process, 0.0)
    try:
        wait_for(lambda: _answers(started), f"onebox:\n{started.said[-3000:]}", READY_SECONDS)
    except BaseException:
        started.end()
        raise
    started.seconds_to_ready = time.monotonic() - began
    return started


def _answers(onebox: Onebox) -> bool:
    assert onebox.process.poll() is None, f"onebox ended by itself:\n{onebox.said[-3000:]}"
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{onebox.url}/members/login", timeout=5).status_code == 200
    return False


@contextlib.contextmanager
def onebox() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-journey-onebox-"))
    running = start_onebox(folder / "home")
    try:
        yield Installation("onebox", running.url, TrialMailbox(running.url), running.home / "clock")
    finally:
        running.end()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def stack() -> Iterator[Installation]:
    with fresh_stack() as started:
        started.run("demo", "create")
        yield Installation("stack", started.gateway_url, MailFolder(started.mail_folder), started.clock_file)


INSTALLATIONS: dict[str, Callable[[], contextlib.AbstractContextManager[Installation]]] = {
    "onebox": onebox,
    "stack": stack,
}

# for chapters of one service, whose unit tests are of the other kind of installation: one of the two is enough
ON_THE_STACK = pytest.mark.parametrize(
    "installation", [pytest.param("stack", marks=pytest.mark.xdist_group("journey-stack"))], indirect=True
)
