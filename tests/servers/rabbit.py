"""A RabbitMQ server for tests, and virtual hosts in it: a test gets one that nobody used before."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests

from deploy.stack.errors import StackError
from deploy.stack.ports import free_port
from deploy.stack.rabbit import Rabbit
from tests.servers import engine
from tests.servers.postgres import stop
from tests.servers.run import Notes, Run

ADDRESS = "TSUDOI_TEST_RABBIT_URL"
MANAGEMENT = "TSUDOI_TEST_RABBIT_MANAGEMENT"
NAME = "rabbit-server"
BATCH = 4


@dataclass
class RabbitServer:
    """The server of this run. Ours is told by rabbitmqctl, any other through its management address."""

    run: Run
    url: str
    rabbit: Rabbit | None = None
    management: str = ""
    _ready: list[str] = field(default_factory=list)
    _made: list[str] = field(default_factory=list)

    def create(self) -> str:
        """The address (amqp://…) of an empty virtual host."""
        if not self._ready:
            self._ready = [f"test-{self.run.worker}-{secrets.token_hex(4)}" for _ in range(BATCH)]
            if self.rabbit is not None:
                self.rabbit.add_vhosts(*self._ready)
            else:
                self._add_by_http()
            self._made += self._ready
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}/{quote(self._ready.pop(), safe='')}"

    def drop_all(self) -> None:
        """Needed only where the server stays: our own goes as a whole."""
        if self.rabbit is None:
            for name in self._made:
                requests.delete(f"{self.management}/api/vhosts/{name}", timeout=10)

    def _add_by_http(self) -> None:
        user = urlsplit(self.url).username or "guest"
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        for name in self._ready:
            requests.put(f"{self.management}/api/vhosts/{name}", timeout=10).raise_for_status()
            url = f"{self.management}/api/permissions/{name}/{user}"
            requests.put(url, json=rights, timeout=10).raise_for_status()


def find() -> Notes:
    """The address that the environment gives, else Docker, else the machine's own RabbitMQ, else why there is none."""
    if ADDRESS in os.environ:
        return _given(os.environ[ADDRESS])
    if engine.answers():
        return engine.rabbit()
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-test-rabbit-"))
    folder.chmod(0o711)
    own: Notes = {"folder": str(folder / "server"), "password": secrets.token_hex(16), "cookie": secrets.token_hex(20)}
    own |= {name: free_port() for name in ("port", "epmd_port", "dist_port")}
    server = rebuilt(own)
    try:
        server.start()
    except StackError as trouble:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
        return {"missing": str(trouble)}
    processes = [server.process.as_dict(), server.port_mapper.as_dict()]
    return {"url": server.url(), "own": own, "folder": str(folder), "processes": processes}


def rebuilt(own: Notes) -> Rabbit:
    return Rabbit(**{**own, "folder": Path(own["folder"])})


def _given(url: str) -> Notes:
    parts = urlsplit(url)
    login = f"{parts.username or 'guest'}:{parts.password or 'guest'}"
    management = os.environ.get(MANAGEMENT) or f"http://{login}@{parts.hostname}:15672"
    try:
        requests.get(f"{management}/api/overview", timeout=5).raise_for_status()
    except requests.RequestException as trouble:
        return {"missing": f"{ADDRESS} is given, but {MANAGEMENT} (to make virtual hosts) does not answer: {trouble}"}
    return {"url": url, "management": management.rstrip("/")}


def end(run: Run) -> None:
    """Stop what `find` started."""
    notes = run.notes(NAME)
    if notes is None or "missing" in notes:
        return
    if "container" in notes:
        engine.remove(notes["container"])
    elif "folder" in notes:
        stop(notes)
