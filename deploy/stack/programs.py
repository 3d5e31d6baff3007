"""Tsudoi's own processes in a stack: web, worker and relay of each service, the sandbox provider, the mail sink."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import amqp
import requests

from deploy.stack import environment
from deploy.stack.errors import StackError
from deploy.stack.ports import answers
from deploy.stack.processes import Process
from deploy.stack.rabbit import USER, VHOST
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
        """Web says so itself; a worker hangs on both queues of its service; a relay listens to its database, even while
        the broker is away; sandbox and mail sink accept connections."""
        kind, _, service = name.partition("-")
        if kind == "web":
            return self._says_ready(f"http://127.0.0.1:{self.state.ports[name]}/{service}/health/ready")
        if kind == "work":
            return self.consumers(service) > 0
        if kind == "relay":
            process = self.state.processes[name]
            return any(process.talks_to(port) for port in environment.database_ports(self.state))
        return answers(self.state.ports[name])

    def consumers(self, service: str) -> int:
        """How many workers of a service hang on both of its queues."""
        place, password = f"127.0.0.1:{self.state.ports['rabbit']}", self.state.passwords["rabbit"]
        try:
            with amqp.Connection(place, USER, password, virtual_host=VHOST, connect_timeout=2) as connection:
                channel = connection.channel()
                queues = (service, f"{service}.bulk")
                return min(int(channel.queue_declare(queue, passive=True).consumer_count) for queue in queues)
        except (OSError, amqp.exceptions.AMQPError):
            return 0

    def migrate(self, service: str) -> None:
        """Bring the service's database to the newest schema, as the owner of its tables."""
        self._run([*tsudoi_command(), "migrate", service], environment.for_service(self.state, service, owner=True))

    def declare_topology(self) -> None:
        """Declare all queues in the broker, so that nothing is said into the void."""
        command = [sys.executable, "-m", "deploy.stack.topology", *self.state.services]
        self._run(command, environment.for_topology(self.state))

    def _run(self, command: list[str], env: dict[str, str]) -> None:
        env = {**environment.inherited(), **env}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise StackError(f"{' '.join(command[1:])} failed:\n{done.stdout}{done.stderr}")

    def _says_ready(self, url: str) -> bool:
        try:
            return requests.get(url, timeout=5).status_code == 200
        except requests.RequestException:
            return False
