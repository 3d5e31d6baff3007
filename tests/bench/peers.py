"""The same handler (an id kept once and one row, committed) on Celery, dramatiq and ours, end to end: from the first
publication to the last row, two worker processes each (ours: one relay, one consumer).

Ours begins a step earlier: the outbox rows are committed within the time. The peers are an extra, `bench-peers`;
without them this says so and measures nothing."""

from __future__ import annotations

import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import psycopg

from deploy.stack import environment
from deploy.stack.processes import Process
from tests.bench import report, traffic, world
from tests.bench.ground import Ground, servers
from tests.bench.lap import Stopwatch
from tests.bench.peers_ground import QUEUE, TABLES
from tests.bench.straight import connect

ROOT = Path(__file__).parents[2]
PEERS = {
    "celery": ["-m", "celery", "-A", "tests.bench.peers_celery", "worker", "-c", "2", "-l", "ERROR"],
    "dramatiq": ["-m", "dramatiq", "tests.bench.peers_dramatiq", "-p", "2", "-t", "8"],
}
ROUNDS = 3


def main() -> None:
    n = report.size(10_000)
    missing = [name for name in PEERS if find_spec(name) is None]
    if missing:
        print(f"peers: skipped, not installed: {', '.join(missing)} (pip install -e '.[bench-peers]')")
        return
    with servers() as ground:
        runs: dict[str, Callable[[], float]] = {
            f"{name}_{mode}": (lambda name=name, mode=mode: _peer(ground, n, name, mode))  # type: ignore[misc]
            for name in PEERS
            for mode in ("defaults", "reliable")
        }
        runs["ours"] = lambda: _ours(ground, n)
        found: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                found[name].append(run())
    rates = {name: statistics.median(each) for name, each in found.items()}
    ours = rates.pop("ours")
    reliable = max(rate for name, rate in rates.items() if name.endswith("reliable"))
    best = max(rate for name, rate in rates.items() if name.endswith("defaults"))
    report.tell(
        "peers",
        n,
        ours,
        "messages/s",
        best,
        **{name: round(rate) for name, rate in rates.items()},
        times_reliable=round(ours / reliable, 2),
        times_defaults=round(ours / best, 2),
    )


def _peer(ground: Ground, n: int, name: str, mode: str) -> float:
    """Messages a second, from the publisher's first to the last row."""
    _forget_queue(ground.broker)
    with (
        psycopg.connect(ground.straight, autocommit=True) as database,
        tempfile.TemporaryDirectory(prefix="tsudoi-bench-") as folder,
    ):
        database.execute(TABLES)
        env = {
            **environment.inherited(),
            "PYTHONPATH": str(ROOT),
            "BENCH_DATABASE": ground.straight,
            "BENCH_BROKER": ground.broker,
            "BENCH_MODE": mode,
        }
        log = str(Path(folder) / f"{name}.log")
        worker = Process(name=name, argv=[sys.executable, *PEERS[name]], log=log, env=env, cwd=str(ROOT))
        worker.start()
        try:
            worker.wait_ready(lambda: _consumers(ground.broker) > 0, 60)
            command = [sys.executable, "-m", "tests.bench.peers_publish", f"tests.bench.peers_{name}", str(n)]
            said = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=600, check=True)
            world.wait_until(lambda: _notes(database)[0] == n + 1)
            return n / (_notes(database)[1] - float(said.stdout))
        finally:
            worker.stop()


def _notes(database: psycopg.Connection[tuple[int, float]]) -> tuple[int, float]:
    found = database.execute("SELECT count(*), extract(epoch FROM max(at))::float FROM peers.notes").fetchone()
    assert found is not None
    return found[0], found[1]


def _ours(ground: Ground, n: int) -> float:
    """The same, with relay and consumer up and waiting, from the first unit of work to the last row."""
    ground.empty("billing", "outbox")
    ground.empty("notifications", "inbox", "notes")
    spawn = multiprocessing.get_context("spawn")
    relay = spawn.Process(target=traffic.relay, args=(Stopwatch(n + 1), ground.billing, ground.broker))
    consumer = spawn.Process(target=traffic.work, args=(Stopwatch(n + 1), ground.notifications, ground.broker, True))
    for process in (relay, consumer):
        process.start()
    try:
        with psycopg.connect(ground.admin, dbname="notifications", autocommit=True) as database:
            traffic.say(ground.billing, 1)
            world.wait_until(lambda: _handled(database) == 1)
            began = time.monotonic()
            traffic.say(ground.billing, n)
            world.wait_until(lambda: _handled(database) == n + 1, every=0.02)
            return n / (time.monotonic() - began)
    finally:
        for process in (relay, consumer):
            process.join(30)
            process.kill()


def _handled(database: psycopg.Connection[tuple[int]]) -> int:
    found = database.execute("SELECT count(*) FROM notes").fetchone()
    assert found is not None
    return found[0]


def _consumers(broker: str) -> int:
    with connect(broker) as connection:
        try:
            return int(connection.channel().queue_declare(QUEUE, passive=True).consumer_count)
        except connection.channel_errors:
            return 0


def _forget_queue(broker: str) -> None:
    """Peers declare it each in their own manner; dramatiq has neighbours of it for delays and dead letters."""
    with connect(broker) as connection:
        for queue in (QUEUE, f"{QUEUE}.DQ", f"{QUEUE}.XQ"):
            connection.channel().queue_delete(queue)


if __name__ == "__main__":
    main()
