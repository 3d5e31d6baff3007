"""The full stack on this machine: what tests, benches and `tsudoi stack` start, look at and stop.

    stack = Stack.start(home)            # or Stack.open(home), for one that runs already
    stack.kill("relay", "billing")       # as a crash would
    stack.restart("relay", "billing")
    stack.roll("web", "billing")         # as an update would: nobody notices
    stack.stop()

A process is named by kind and service ("web", "billing"), or by one word: postgres, rabbit, smtp, sandbox, gateway."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.stack import environment
from deploy.stack.databases import create_database
from deploy.stack.errors import StackError
from deploy.stack.nginx import Gateway
from deploy.stack.ports import free_port
from deploy.stack.postgres import Postgres
from deploy.stack.processes import Process
from deploy.stack.programs import Programs, tsudoi_command
from deploy.stack.rabbit import Rabbit
from deploy.stack.standby import Standby
from deploy.stack.state import KINDS, SERVICES, State, broker_account, make_token_keys

READY_SECONDS = 90.0


class Stack:
    """A stack in its home folder."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.home = Path(state.home)
        ports, passwords, folder = state.ports, state.passwords, Path(state.servers_folder)
        self.postgres = Postgres(folder / state.database_folder, ports["postgres"], passwords["postgres"])
        self.standby: Standby | None = None
        if "standby" in ports:
            self.standby = Standby.of(self.postgres, folder / f"standby-{ports['standby']}", ports["standby"])
        self.rabbit = Rabbit(
            folder / "rabbit",
            ports["rabbit"],
            ports["epmd"],
            ports["dist"],
            passwords["rabbit"],
            passwords["cookie"],
            services={name: passwords[broker_account(name)] for name in SERVICES},
        )
        upstreams = {name: ports[f"web-{name}"] for name in SERVICES} | {"sandbox": ports["sandbox"]}
        self.gateway = Gateway(folder / "gateway", ports["gateway"], upstreams)
        self.programs = Programs(state)
        self._saving = threading.Lock()
        for name, server in (("postgres", self.postgres), ("rabbit", self.rabbit), ("gateway", self.gateway)):
            if name in state.processes:
                server.process = state.processes[name]
        if self.standby is not None and "standby" in state.processes:
            self.standby.server.process = state.processes["standby"]
        if "epmd" in state.processes:
            self.rabbit.port_mapper = state.processes["epmd"]

    @classmethod
    def open(cls, home: Path | str) -> Stack:
        """The stack of this home, running or not. StackError where there never was one."""
        state = State.load(Path(home).resolve())
        if state is None:
            raise StackError(f"there is no stack in {home}")
        return cls(state)

    @classmethod
    def start(
        cls,
        home: Path | str,
        *,
        services: Sequence[str] = SERVICES,
        web_workers: int = 2,
        env: dict[str, str] | None = None,
        standby: bool = False,
    ) -> Stack:
        """Start all that does not run yet and wait until it is ready; data of an earlier start is found again.

        `env`: more settings for every service. `standby`: with a second PostgreSQL, which has every commit. When
        something does not become ready, all is stopped again."""
        home = Path(home).resolve()
        home.mkdir(mode=0o755, parents=True, exist_ok=True)
        with _alone(home):
            state = State.load(home) or State.fresh(home, list(services))
            if not state.running():
                state.services, state.web_workers, state.extra_env = list(services), web_workers, dict(env or {})
                state.processes = {}
                if standby and "standby" not in state.ports:
                    state.ports["standby"] = free_port()
                state.avoid_taken_ports()
            stack = cls(state)
            try:
                stack._start_all()
            except BaseException:
                stack._stop_all()
                raise
        return stack

    def stop(self) -> None:
        """Stop everything in order: first who takes requests, last who keeps the data."""
        with _alone(self.home):
            self._stop_all()

    def remove(self) -> None:
        """Stop, and delete all data."""
        self.stop()
        shutil.rmtree(self.state.servers_folder, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def gateway_url(self) -> str:
        return environment.gateway_url(self.state)

    @property
    def broker_url(self) -> str:
        """The administrator's; a service's own stands in `env`."""
        return environment.broker_url(self.state)

    @property
    def mail_folder(self) -> Path:
        return self.programs.mail_folder

    @property
    def clock_file(self) -> Path:
        """Write seconds into it to move the clock of all processes (`TSUDOI_CLOCK_FILE`)."""
        return environment.clock_file(self.state)

    def env(self, service: str, *, owner: bool = False) -> dict[str, str]:
        """The settings (`TSUDOI_*`) of a service, to run its code or a command beside the stack."""
        return environment.for_service(self.state, service, owner=owner)

    def database_url(self, service: str, *, owner: bool = False) -> str:
        return environment.database_url(self.state, service, owner=owner)

    def web_url(self, service: str) -> str:
        """Where a service itself listens, past the gateway (metrics)."""
        return f"http://127.0.0.1:{self.state.ports[f'web-{service}']}"

    def process(self, kind: str, service: str | None = None) -> Process:
        name = kind if service is None else f"{kind}-{service}"
        if name not in self.state.processes:
            raise StackError(f"this stack has no process {name}")
        return self.state.processes[name]

    def kill(self, kind: str, service: str | None = None) -> None:
        """SIGKILL for the process and all that it started."""
        self.process(kind, service).kill()

    def halt(self, kind: str, service: str | None = None) -> None:
        """Stop one process as its supervisor would: SIGTERM, and time to finish."""
        self.process(kind, service).stop()

    def restart(self, kind: str, service: str | None = None, *, env: dict[str, str] | None = None) -> None:
        """Start one process anew and wait until it is ready; `env`: more settings, for this one start."""
        self.process(kind, service).stop()
        self._start_one(kind if service is None else f"{kind}-{service}", env)

    def roll(self, kind: str, service: str, *, env: dict[str, str] | None = None) -> None:
        """Replace a process without anybody noticing, as for an update: start a new one beside it, wait until it is
        ready, lead all requests to it, and only then let the old one finish and go. StackError when the new one does
        not become ready: then the old one goes on."""
        name, port = f"{kind}-{service}", f"web-{service}" if kind == "web" else f"{kind}-{service}-metrics"
        with _alone(self.home):
            old, old_port = self.process(kind, service), self.state.ports[port]
            others = self.programs.consumers(service) if kind == "work" else 0
            self.state.ports[port] = free_port()
            new = self.programs.process(name, env or {})
            self.state.leaving[name] = old
            try:
                self._note(name, new, new.start)
                new.wait_ready(lambda: self._took_over(name, others), READY_SECONDS)
                if kind == "web":
                    self.gateway.point(service, self.state.ports[port])
            except BaseException:
                new.kill()
                self.state.ports[port] = old_port
                self._know(name, self.state.leaving.pop(name))
                raise
            old.stop()
            del self.state.leaving[name]
            if kind == "web":
                shutil.rmtree(old.env["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
            self.state.save()

    def fail_over(self) -> None:
        """The first PostgreSQL is gone, or is made to go: the standby takes its place, for good."""
        if self.standby is None:
            raise StackError("this stack has no standby")
        self.postgres.kill()
        self.standby.promote()
        self.postgres, self.standby = self.standby.server, None
        self.state.database_folder = self.postgres.folder.name
        self.state.ports["postgres"] = self.state.ports.pop("standby")
        del self.state.processes["standby"]
        self._know("postgres", self.postgres.process)

    def ready(self, name: str) -> bool:
        checks: dict[str, Callable[[], bool]] = {
            "postgres": self.postgres.ready,
            "rabbit": self.rabbit.ready,
            "gateway": self.gateway.ready,
            "standby": lambda: self.standby is not None and self.standby.server.ready(),
        }
        return self.state.processes[name].alive() and checks.get(name, lambda: self.programs.ready(name))()

    def run(self, *arguments: str, seconds: float = 600) -> str:
        """Run a `tsudoi` command with the settings of all services and give back what it printed."""
        env = environment.inherited()
        for service in SERVICES:
            env |= self.env(service)
        env |= environment.for_topology(self.state)  # the command may ask for any service's queues
        done = subprocess.run(
            [*tsudoi_command(), *arguments], env=env, capture_output=True, text=True, timeout=seconds, check=False
        )
        if done.returncode != 0:
            raise StackError(f"tsudoi {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _start_all(self) -> None:
        make_token_keys(self.home / "keys")
        (self.home / "data").mkdir(mode=0o700, exist_ok=True)
        _at_once(self._start_one, ["postgres", "rabbit"])
        if self.standby is not None:
            self._start_one("standby")
        for service in SERVICES:
            url, secret = self.postgres.admin_url, self.state.passwords[service]
            create_database(url, f"tsudoi_{service}", service, secret)
        if self.state.services:
            self.programs.declare_topology()
        _at_once(self.programs.migrate, self.state.services)
        names = ["smtp", *(f"{kind}-{service}" for service in self.state.services for kind in KINDS)]
        _at_once(self._start_one, [*names, *(["sandbox"] if self.state.services else []), "gateway"])

    def _start_one(self, name: str, env: dict[str, str] | None = None) -> None:
        if name == "postgres":
            self._note(name, self.postgres.process, self.postgres.start)
        elif name == "standby" and self.standby is not None:
            self._note(name, self.standby.server.process, self.standby.start)
        elif name == "rabbit":
            self._know("epmd", self.rabbit.port_mapper)
            self._note(name, self.rabbit.process, self.rabbit.start)
        elif name == "gateway":
            self._note(name, self.gateway.process, self.gateway.start)
        else:
            process = self.state.processes.get(name)
            if process is None or not process.alive():
                process = self.programs.process(name, env or {})
            self._note(name, process, process.start)
            process.wait_ready(lambda: self.programs.ready(name), READY_SECONDS)

    def _note(self, name: str, process: Process, start: Callable[[], None]) -> None:
        self._know(name, process)
        try:
            start()
        finally:
            self._know(name, process)

    def _know(self, name: str, process: Process) -> None:
        """Remember it; called by several threads, as processes start at once."""
        with self._saving:
            self.state.processes[name] = process
            self.state.save()

    def _took_over(self, name: str, others: int) -> bool:
        """A worker is there when it hangs on the queues beside the others; web and relay are asked themselves."""
        kind, _, service = name.partition("-")
        return self.programs.consumers(service) > others if kind == "work" else self.programs.ready(name)

    def _stop_all(self) -> None:
        _at_once(lambda name: self.state.leaving[name].stop(), list(self.state.leaving))
        groups = [["gateway"], *([f"{kind}-{s}" for s in SERVICES] for kind in KINDS), ["sandbox", "smtp"]]
        for group in [*groups, ["rabbit", "postgres"], ["standby", "epmd"]]:
            _at_once(lambda name: self.state.processes[name].stop(), [n for n in group if n in self.state.processes])


def _at_once(do: Callable[[str], object], items: Sequence[str]) -> None:
    with ThreadPoolExecutor(max_workers=max(1, len(items))) as pool:
        for done in [pool.submit(do, item) for item in items]:
            done.result()


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    if not home.exists():
        raise StackError(f"there is no stack in {home}")
    with open(home / "stack.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
