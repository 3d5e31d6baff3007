"""Web processes side by side on one PostgreSQL: a service's own, and a bare Flask application under the same gunicorn
settings. Relay, worker and broker are halted: what is measured is the answer to a request."""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import requests

from deploy.stack import environment
from deploy.stack.ports import free_port
from deploy.stack.processes import Process
from deploy.stack.stack import Stack
from tests.bench import load, world
from tests.bench.load import Load

GUNICORN = ("--workers", "2", "--threads", "8", "--worker-class", "gthread", "--reuse-port", "--keep-alive", "30")
ADDRESS = "{address}"  # in a command: where it is to listen


@dataclass
class Lap:
    """One series of requests, and the CPU time that the web processes and the database took for each, µs."""

    load: Load
    web_us: float
    database_us: float


@dataclass
class Web:
    """A web server under load."""

    port: int
    process: Process
    database: Process

    def lap(self, wire: Sequence[bytes]) -> Lap:
        before = _cpu(self.process), _cpu(self.database)
        done = load.fire(self.port, wire)
        web, database = (after - b for after, b in zip((_cpu(self.process), _cpu(self.database)), before, strict=True))
        return Lap(done, web / len(wire) * 1e6, database / len(wire) * 1e6)


@contextmanager
def kit(service: str) -> Iterator[tuple[Stack, Web]]:
    """A stack in which only this service's web processes run, with the society in its database."""
    with tempfile.TemporaryDirectory(prefix="tsudoi-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        stack = Stack.start(Path(folder) / "stack", services=[service])
        try:
            for kind in ("relay", "work"):
                stack.halt(kind, service)
            for other in ("sandbox", "smtp", "gateway", "rabbit"):
                stack.halt(other)
            running = world.running(stack, service)
            with running.session() as session:
                session.add(world.society())
            running.stop()
            web = Web(stack.state.ports[f"web-{service}"], stack.process("web", service), stack.process("postgres"))
            yield stack, web
        finally:
            stack.remove()


@contextmanager
def bare(stack: Stack, service: str, module: str, tables: str, settings: dict[str, str]) -> Iterator[Web]:
    """`module:app` with tables of its own beside the service's."""
    url = stack.database_url(service, owner=True).replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(tables)
    with serving(stack, "bare", gunicorn(module), {"BENCH_DATABASE": url, **settings}) as web:
        yield web


def gunicorn(module: str) -> list[str]:
    """The command that serves `module:app`."""
    return [sys.executable, "-m", "gunicorn", *GUNICORN, "--bind", ADDRESS, f"{module}:app"]


@contextmanager
def serving(stack: Stack, name: str, command: Sequence[str], settings: dict[str, str]) -> Iterator[Web]:
    """Something that answers requests, beside the stack and on its database server."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    process = Process(
        name=name,
        argv=[part.replace(ADDRESS, address) for part in command],
        log=str(stack.home / "logs" / f"{name}.log"),
        env={**environment.inherited(), **settings, "TSUDOI_BIND": address},
        cwd=str(Path(__file__).parents[2]),
    )
    process.start()
    try:
        process.wait_ready(lambda: _answers(port), 30)
        yield Web(port, process, stack.process("postgres"))
    finally:
        process.stop()


def rounds(laps: dict[str, Callable[[], Lap]], count: int = 3) -> dict[str, list[Lap]]:
    """Each of them in turn; the first turn warms up and is not counted."""
    found: dict[str, list[Lap]] = {name: [] for name in laps}
    for number in range(count + 1):
        for name, lap in laps.items():
            done = lap()
            if number:
                found[name].append(done)
    return found


def median(laps: Sequence[Lap], figure: Callable[[Lap], float]) -> float:
    return statistics.median(figure(lap) for lap in laps)


def figures(laps: Sequence[Lap], prefix: str = "") -> dict[str, float]:
    """Medians for the line of JSON."""
    return {
        f"{prefix}p50_ms": round(median(laps, lambda lap: lap.load.ms(0.5)), 1),
        f"{prefix}p99_ms": round(median(laps, lambda lap: lap.load.ms(0.99)), 1),
        f"{prefix}web_us": round(median(laps, lambda lap: lap.web_us)),
        f"{prefix}database_us": round(median(laps, lambda lap: lap.database_us)),
    }


def rate(laps: Sequence[Lap]) -> float:
    return median(laps, lambda lap: lap.load.rate)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/", timeout=5).status_code < 500
    except requests.RequestException:
        return False


def _cpu(process: Process) -> float:
    """Seconds of CPU of a process and of all its children that live."""
    parent = psutil.Process(process.pid)
    times = [each.cpu_times() for each in (parent, *parent.children(recursive=True))]
    return sum(each.user + each.system for each in times)
