"""Processes that outlive the command that started them: known by pid and birth, logged to a file, stopped in order.

A pid alone may have passed to a stranger meanwhile; the moment of birth tells. Nothing is ever killed by name."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil

from deploy.stack.accounts import rights
from deploy.stack.errors import NotReady, ServerMissing

_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass
class Process:
    """One process: how it is started, and, once started, which one it is."""

    name: str
    argv: list[str]
    log: str
    env: dict[str, str] = field(default_factory=dict)
    cwd: str = "/"
    user: str | None = None
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 30.0
    pid: int | None = None
    born: float | None = None
    exit_code: int | None = None  # known only to the process that started it

    def start(self) -> None:
        """Start it, unless it runs already."""
        if self.alive():
            return
        Path(self.log).parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            try:
                child = subprocess.Popen(
                    self.argv,
                    cwd=self.cwd,
                    env=self.env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **rights(self.user),
                )
            except FileNotFoundError as missing:
                raise ServerMissing(f"{self.name}: {missing.filename} is not installed") from None
        _children[child.pid] = child
        self.pid = child.pid
        self.born = self.exit_code = None
        with contextlib.suppress(psutil.NoSuchProcess):
            self.born = psutil.Process(child.pid).create_time()

    def alive(self) -> bool:
        return self._found() is not None

    def stop(self) -> None:
        """Ask it to end; after `stop_seconds` end it and all that it started."""
        found = self._found()
        if found is None:
            return
        family = self._family(found)
        with contextlib.suppress(psutil.NoSuchProcess):
            found.send_signal(self.stop_signal)
        deadline = time.monotonic() + self.stop_seconds
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        self._end(family)

    def kill(self) -> None:
        """End it and all that it started, at once (SIGKILL), as a crash would."""
        found = self._found()
        if found is not None:
            self._end(self._family(found))

    def signal(self, number: int) -> None:
        """Send a signal to this one process (SIGSTOP, SIGHUP, …)."""
        found = self._found()
        if found is not None:
            found.send_signal(number)

    def signal_all(self, number: int) -> None:
        """Send a signal to it and all that it started: a frozen server is frozen whole."""
        found = self._found()
        for member in self._family(found) if found is not None else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(number)

    def talks_to(self, port: int) -> bool:
        """Whether it holds a connection to this port."""
        found = self._found()
        try:
            connections = found.net_connections("tcp") if found is not None else []
        except psutil.NoSuchProcess:
            return False
        return any(each.raddr and each.raddr.port == port for each in connections)

    def wait_ready(self, check: Callable[[], bool], seconds: float) -> None:
        """Wait until `check` is true. NotReady, with the end of the log, when the process ends or time is up first."""
        deadline, pause = time.monotonic() + seconds, 0.02
        while not check():
            if not self.alive():
                raise NotReady(f"{self.name} ended before it was ready; the end of {self.log}:\n{self.log_end()}")
            if time.monotonic() > deadline:
                raise NotReady(
                    f"{self.name} is not ready after {seconds:.0f} s; the end of {self.log}:\n{self.log_end()}"
                )
            time.sleep(pause)
            pause = min(0.4, pause * 1.3)  # a check may cost its server a connection

    def log_end(self, lines: int = 25) -> str:
        try:
            return "\n".join(Path(self.log).read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def _found(self) -> psutil.Process | None:
        if self.pid is None:
            return None
        child = _children.get(self.pid)
        if child is not None and child.poll() is not None:
            self.exit_code = child.returncode
            del _children[self.pid]
            return None
        try:
            found = psutil.Process(self.pid)
            if self.born is None or abs(found.create_time() - self.born) > 2:
                return None
            if found.status() == psutil.STATUS_ZOMBIE:  # it died since we asked
                if child is not None:
                    self.exit_code = child.wait()
                return None
        except psutil.NoSuchProcess:
            return None
        return found

    @staticmethod
    def _family(found: psutil.Process) -> list[psutil.Process]:
        try:
            return [found, *found.children(recursive=True)]
        except psutil.NoSuchProcess:
            return [found]

    def _end(self, family: list[psutil.Process]) -> None:
        for member in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and (self.alive() or any(_runs(member) for member in family[1:])):
            time.sleep(0.01)


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
