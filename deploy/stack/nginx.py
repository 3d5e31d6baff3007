"""The gateway: nginx with the configuration of deploy/gateway, its temporary files in its own folder."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from string import Template

import psutil

from deploy.stack.accounts import account, own
from deploy.stack.errors import ServerMissing
from deploy.stack.ports import answers
from deploy.stack.processes import Process


@dataclass
class Gateway:
    """One nginx; `upstreams` gives the port of each service (and the sandbox)."""

    folder: Path
    port: int
    upstreams: dict[str, int]

    @cached_property
    def process(self) -> Process:
        return Process(
            name="gateway",
            argv=[_program(), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"],
            log=str(self.folder / "gateway.log"),
            env={"PATH": os.environ.get("PATH", os.defpath)},
            cwd=str(self.folder),
            user=account("www-data"),
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, seconds: float = 15) -> None:
        user = self.process.user
        own(self.folder, user)
        own(self.folder / "temp", user)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(self._configuration())
        if user is not None:
            shutil.chown(configuration, user)
        self.process.start()
        self.process.wait_ready(self.ready, seconds)

    def ready(self) -> bool:
        return answers(self.port)

    def point(self, upstream: str, port: int, seconds: float = 10) -> None:
        """Send a service's requests to another port from now on. Returns when those under way have been answered, or
        after some seconds: lines of events stay open for an hour, and only whoever serves them can end them."""
        self.upstreams[upstream] = port
        (self.folder / "nginx.conf").write_text(self._configuration())
        before = self._workers()
        self.process.signal(signal.SIGHUP)
        self.process.wait_ready(lambda: bool(self._workers() - before), seconds)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._workers() & before:
            time.sleep(0.02)

    def _workers(self) -> set[psutil.Process]:
        return set(psutil.Process(self.process.pid).children())

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def _configuration(self) -> str:
        places = {
            "GATEWAY_TEMP": str(self.folder / "temp"),
            "GATEWAY_ACCESS_LOG": str(self.folder / "access.log"),
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "GATEWAY_SCHEME": "http",
            "GATEWAY_PUBLIC_URL": self.url,
        }
        places |= {f"{name.upper()}_UPSTREAM": f"127.0.0.1:{port}" for name, port in self.upstreams.items()}
        # nginx's own $variables have no place in `places` and stay as they are
        return Template(files("deploy.gateway").joinpath("nginx.conf.template").read_text()).safe_substitute(places)


def _program() -> str:
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise ServerMissing("nginx is not installed (Debian: nginx-light)")
    return found
