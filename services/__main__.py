"""Onebox: all five services, the bus and the sandbox provider in one process, on SQLite. `python -m services`.

The only file that knows all services. For trying out, development and small societies.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from cheroot.wsgi import Server

from services.billing import demo as billing_demo
from services.billing.service import SERVICE as BILLING
from services.events import demo as events_demo
from services.events.service import SERVICE as EVENTS
from services.members import demo as members_demo
from services.members.service import SERVICE as MEMBERS
from services.members.setup import setup_link
from services.notifications.service import SERVICE as NOTIFICATIONS
from services.payments.sandbox.app import create_sandbox
from services.payments.service import SERVICE as PAYMENTS
from shared.bus.local import LocalPublisher
from shared.bus.relay import run_relay
from shared.bus.worker import run_worker
from shared.identity import make_keys
from shared.jobs import abandon_leases
from shared.migrations import is_current, migrate
from shared.observe import set_up_logs
from shared.service import RunningService, Service
from shared.web.app import create_app

WITH_SANDBOX = os.environ.get("TSUDOI_SANDBOX", "1") != "0"  # a society in earnest has no till where anybody pays
SERVICES: tuple[Service, ...] = (MEMBERS, BILLING, PAYMENTS, EVENTS, NOTIFICATIONS)


@dataclass
class Onebox:
    """A running onebox; `stop` drains it."""

    home: Path
    url: str
    services: dict[str, RunningService]
    server: Server
    threads: list[threading.Thread]
    stopping: threading.Event
    close_sandbox: Callable[[], None] | None

    def stop(self) -> None:
        """Stop taking requests, finish what is in hand, close the databases."""
        self.stopping.set()
        self.server.stop()
        for thread in self.threads:
            thread.join(timeout=30)
        if self.close_sandbox is not None:
            self.close_sandbox()
        for running in self.services.values():
            running.stop()


def start(home: Path, port: int, *, demo: bool) -> Onebox:
    """Make what is missing, start everything, return when pages are answered."""
    settings = _environment(home, port)
    services: dict[str, RunningService] = {}
    for service in SERVICES:
        running = service.start(service.settings.load(service.name, settings))
        if not is_current(service, running.engine):
            migrate(service, running.settings.database)
        services[service.name] = running
    if demo:
        for fill in (members_demo.fill, billing_demo.fill, events_demo.fill):
            part = fill.__module__.split(".")[1]
            fill(services[part])
    stopping = threading.Event()
    apps: dict[str, WSGIApplication] = {name: create_app(running) for name, running in services.items()}
    close_sandbox: Callable[[], None] | None = None
    if WITH_SANDBOX:
        apps["sandbox"] = sandbox = create_sandbox(
            home, settings["TSUDOI_SANDBOX_SECRET"], settings["TSUDOI_PUBLIC_URL"]
        )
        close_sandbox = sandbox.extensions["close"]
    server = Server(("127.0.0.1", port), _Gateway(apps), numthreads=32, server_name="tsudoi")
    server.prepare()
    box = Onebox(home, settings["TSUDOI_PUBLIC_URL"], services, server, [], stopping, close_sandbox)
    _run(box, "web", server.serve)
    publisher = LocalPublisher(list(services.values()))
    for name, running in services.items():
        abandon_leases(running)
        _run(box, f"relay-{name}", partial(run_relay, running, publisher, stopping))
        _run(box, f"work-{name}", partial(run_worker, running, broker_url=None, stop=stopping))
    return box


def _run(box: Onebox, name: str, work: Callable[[], Any]) -> None:
    thread = threading.Thread(target=work, name=name, daemon=True)
    box.threads.append(thread)
    thread.start()


def _environment(home: Path, port: int) -> dict[str, str]:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    private, public = make_keys(home / "keys")
    made = {
        "TSUDOI_HOME": str(home),
        "TSUDOI_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TSUDOI_SECRET": _secret(home / "keys" / "cookies"),
        "TSUDOI_SANDBOX_SECRET": _secret(home / "keys" / "sandbox") if WITH_SANDBOX else "",
        "TSUDOI_TOKEN_KEY": str(private),
        "TSUDOI_TOKEN_PUBLIC": str(public),
        **{f"TSUDOI_DATABASE_{s.name.upper()}": f"sqlite:///{home / s.name}.db" for s in SERVICES},
    }
    return {**made, **{name: value for name, value in os.environ.items() if name.startswith("TSUDOI_") and value}}


def _secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


_FRONT_DOORS = {"/": "/members/", "/docs": "/members/docs"}


class _Gateway:
    """The gateway of one process: the first part of the path chooses the service. No logic."""

    def __init__(self, apps: dict[str, WSGIApplication]) -> None:
        self.apps = apps

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "/")
        first = path.split("/", 2)[1] if path.startswith("/") and len(path) > 1 else ""
        app = self.apps.get(first)
        if path == f"/{first}/metrics":
            app = None  # for the machine room only
        if app is not None:
            return app(environ, start_response)
        if path in _FRONT_DOORS:
            start_response("302 Found", [("Location", _FRONT_DOORS[path]), ("Content-Length", "0")])
            return []
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return ["ページがありません / There is no such page.\n".encode()]


def main() -> int:
    """Run onebox in the foreground until Ctrl-C or SIGTERM."""
    began = time.monotonic()
    home = Path(os.environ.get("TSUDOI_HOME", ".tsudoi")).absolute()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    set_up_logs((home / "tsudoi.log").open("a", buffering=1))
    port = int(os.environ.get("TSUDOI_PORT", "8000"))
    demo = os.environ.get("TSUDOI_DEMO", "1") != "0"
    box = start(home, port, demo=demo)
    print(_welcome(box, demo, time.monotonic() - began), flush=True)
    waiting = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: waiting.set())
    waiting.wait()
    print("\nStopping … 停止しています", flush=True)
    box.stop()
    return 0


def _welcome(box: Onebox, demo: bool, seconds: float) -> str:
    lines = [
        f"Tsudoi 集い is ready at {box.url}/ ({seconds:.1f} s). Ctrl-C stops it.",
        f"  Data      {box.home}  (log: tsudoi.log)",
    ]
    link = setup_link(box.services["members"], box.url)
    if link:
        lines.append(f"  First administrator (this link works once): {link}")
    lines += [
        f"  Mailbox   {box.url}/notifications/mailbox  (every letter that was sent)",
    ]
    if WITH_SANDBOX:
        lines.append(f"  Sandbox   {box.url}/sandbox/  (store counter, bank, cards)")
    if demo:
        lines += ["", "  Demo logins (password in brackets):"]
        lines += [f"    {who:<18} {email} [{password}]" for who, email, password in members_demo.logins()]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
