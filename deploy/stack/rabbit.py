"""A private RabbitMQ node with its own port mapper (epmd), cookie, folders and ports, all on 127.0.0.1; no plugins.

Several of them make a cluster (deploy/stack/cluster.py): then they share port mapper and cookie."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import amqp

from deploy.stack.accounts import account, own, rights
from deploy.stack.broker_accounts import ADMINISTRATOR, definitions
from deploy.stack.errors import ServerMissing, StackError
from deploy.stack.ports import answers
from deploy.stack.processes import Process

USER = ADMINISTRATOR
VHOST = "tsudoi"
PROGRAMS = Path("/usr/lib/rabbitmq/bin")
# beside the listening ports, Erlang wants ports for the command line tools; any will do
TOOL_PORTS = (19_000, 19_999)

SETTINGS = """
listeners.tcp.1 = 127.0.0.1:{port}
default_user = tsudoi
default_pass = {password}
default_vhost = {vhost}
default_permissions.configure = .*
default_permissions.read = .*
default_permissions.write = .*
disk_free_limit.absolute = 200MB
vm_memory_high_watermark.relative = 0.4
log.console = true
log.console.level = warning
log.file = false
"""


@dataclass
class Rabbit:
    """One node; the port mapper is a process of its own, because it outlives a killed node."""

    folder: Path
    port: int
    epmd_port: int
    dist_port: int
    password: str
    cookie: str
    vhost: str = VHOST
    node: str = "tsudoi@localhost"
    more_settings: str = ""
    services: Mapping[str, str] | None = None  # account → password, beside the administrator's

    @cached_property
    def env(self) -> dict[str, str]:
        folder = str(self.folder)
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": folder,
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.dist_port),
            "RABBITMQ_CTL_DIST_PORT_MIN": str(TOOL_PORTS[0]),
            "RABBITMQ_CTL_DIST_PORT_MAX": str(TOOL_PORTS[1]),
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/environment",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_CRASH_DUMP_SECONDS": "0",
        }

    @cached_property
    def process(self) -> Process:
        return self._process("rabbit", [str(PROGRAMS / "rabbitmq-server")])

    @cached_property
    def port_mapper(self) -> Process:
        program = shutil.which("epmd")
        if program is None:
            raise ServerMissing("RabbitMQ is not installed (Debian: rabbitmq-server)")
        return self._process("epmd", [program, "-port", str(self.epmd_port), "-address", "127.0.0.1"])

    def url(self, vhost: str | None = None) -> str:
        return f"amqp://{USER}:{self.password}@127.0.0.1:{self.port}/{quote(vhost or self.vhost, safe='')}"

    def start(self, seconds: float = 90) -> None:
        """Start and wait until a client can open a channel."""
        if not (PROGRAMS / "rabbitmq-server").exists():
            raise ServerMissing("RabbitMQ is not installed (Debian: rabbitmq-server)")
        self._make_files()
        self.port_mapper.start()
        self.port_mapper.wait_ready(lambda: answers(self.epmd_port), 10)
        self.process.start()
        self.process.wait_ready(self.ready, seconds)

    def ready(self) -> bool:
        try:
            with amqp.Connection(
                f"127.0.0.1:{self.port}", USER, self.password, virtual_host=self.vhost, connect_timeout=2
            ) as connection:
                connection.channel()
                return True
        except (OSError, amqp.exceptions.AMQPError):
            return False

    def stop(self) -> None:
        self.process.stop()
        self.port_mapper.stop()

    def kill(self) -> None:
        """Kill the node, not its port mapper."""
        self.process.kill()

    def control(self, *arguments: str, seconds: float = 180) -> str:
        """Run `rabbitmqctl` on this node and give back what it printed."""
        try:
            done = subprocess.run(
                [str(PROGRAMS / "rabbitmqctl"), "--quiet", *arguments],
                env=self.env,
                cwd=self.folder,
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
                **rights(self.process.user),
            )
        except subprocess.TimeoutExpired:
            raise StackError(f"rabbitmqctl {arguments[0]} has no answer after {seconds:.0f} s") from None
        if done.returncode != 0:
            raise StackError(f"rabbitmqctl {arguments[0]} failed:\n{done.stdout}{done.stderr}")
        return str(done.stdout)

    def add_vhosts(self, *names: str) -> None:
        """Create virtual hosts that our user may use. One call, as each start of the tool takes about a second."""
        wanted = ",".join(f'<<"{name}">>' for name in names)
        self.control(
            "eval",
            f'[begin rabbit_vhost:add(V, <<"tests">>), rabbit_auth_backend_internal:set_permissions('
            f'<<"{USER}">>, V, <<".*">>, <<".*">>, <<".*">>, <<"tests">>) end || V <- [{wanted}]].',
        )

    def _process(self, name: str, argv: list[str]) -> Process:
        return Process(
            name=name,
            argv=argv,
            log=str(self.folder / f"{name}.log"),
            env=self.env,
            cwd=str(self.folder),
            user=account("rabbitmq"),
        )

    def _make_files(self) -> None:
        user = self.process.user
        own(self.folder, user)
        settings = SETTINGS.format(port=self.port, password=self.password, vhost=self.vhost)
        if self.services is not None:
            folder = own(self.folder / "definitions", user)
            settings += f"load_definitions = {folder}\n"
            for name, text in definitions({USER: self.password, **self.services}).items():
                self._write(f"definitions/{name}", text)
        self._write("rabbitmq.conf", settings + self.more_settings)
        self._write("enabled_plugins", "[].\n")
        self._write("environment", "")
        self._write(".erlang.cookie", self.cookie)
        (self.folder / ".erlang.cookie").chmod(0o400)

    def _write(self, name: str, text: str) -> None:
        path = self.folder / name
        if path.exists() and path.read_text() == text:
            return
        path.unlink(missing_ok=True)
        path.write_text(text)
        if self.process.user is not None:
            shutil.chown(path, self.process.user, self.process.user)
        os.chmod(path, 0o600)
