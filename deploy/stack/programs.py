"""Tsudoi's own processes in a stack: web, worker and relay of each service, the sandbox provider, the mail sink."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import requests

from deploy.stack import environment
from deploy.stack.errors import StackError
from deploy.stack.ports import answers
from deploy.stack.processes import Process
from deploy.stack.state import State


def tsudoi_command() -> list[str]:
    """The `tsudoi` command of this installation."""
    script = Path(sys.executable).with_name("tsudoi")
    if not script.exists():
        raise StackError(f"{script} is missing: pip install -e .")
    return [sys.executable, str(script)]


class Programs:
    """How each of our processes is started, and how one sees that it is ready."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.home = Path(state.home)

    @property
    def mail_folder(self) -> Path:
        return self.home / "mail"

    def process(self, name: str, more_env: dict[str, str]) -> Process:
        """The process of this name ("web-billing", "sandbox", "smtp"), not started yet."""
        kind, _, service = name.partition("-")
        if name == "smtp":
            port = str(self.state.ports["smtp"])
            argv = [sys.executable, "-m", "deploy.stack.smtp_sink", port, str(self.mail_folder)]
            env = {}
        elif name == "sandbox":
            argv, env = [*tsudoi_command(), "sandbox"], environment.for_sandbox(self.state)
        else:
            argv, env = [*tsudoi_command(), kind, service], environment.for_process(self.state, kind, service)
        if kind == "web":
            # figures of processes that are gone would be counted once more
            shutil.rmtree(env["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
            Path(env["PROMETHEUS_MULTIPROC_DIR"]).mkdir(parents=True)
        return Process(
            name=name,
            argv=argv,
            log=str(self.home / "logs" / f"{name}.log"),
            env={**environment.inherited(), **env, **more_env},
            cwd=str(self.home / "data"),
        )

    def ready(self, name: str) -> bool:
        """Web says so itself; sandbox and mail sink accept connections; worker and relay serve their figures."""
        kind, _, service = name.partition("-")
        if kind == "web":
            url = f"http://127.0.0.1:{self.state.ports[name]}/{service}/health/ready"
            try:
                return requests.get(url, timeout=5).status_code == 200
            except requests.RequestException:
                return False
        return answers(self.state.ports[name if name in self.state.ports else f"{name}-metrics"])

    def migrate(self, service: str) -> None:
        """Bring the service's database to the newest schema, as the owner of its tables."""
        env = environment.inherited() | environment.for_service(self.state, service, owner=True)
        done = subprocess.run(
            [*tsudoi_command(), "migrate", service], env=env, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode != 0:
            raise StackError(f"tsudoi migrate {service} failed:\n{done.stdout}{done.stderr}")
