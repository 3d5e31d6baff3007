"""One measured piece of work in a process of its own: wall time, CPU time and the high-water mark of its memory."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple


class Lap(NamedTuple):
    """What one process did between its first batch and its last."""

    messages: int
    seconds: float
    cpu: float  # seconds, user and system, all threads
    mib: float

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU a message: what a noisy neighbour changes least."""
        return self.cpu / self.messages * 1e6


class Stopwatch:
    """Starts after a few messages: imports, connections and first plans are not what is measured."""

    def __init__(self, n: int, warm_up: int = 1) -> None:
        self.n = n
        self._warm_up = warm_up
        self._first: tuple[int, float, float] | None = None
        self.lap: Lap | None = None

    def finished(self, done: int) -> bool:
        """To be told, after each batch, how many messages are done in all."""
        if done < self._warm_up or self.lap is not None:
            return self.lap is not None
        now = (done, time.monotonic(), time.process_time())
        if self._first is None:
            self._first = now
        if done >= self.n:
            messages, seconds, cpu = (after - before for before, after in zip(self._first, now, strict=True))
            self.lap = Lap(int(messages), seconds, cpu, high_water())
        return self.lap is not None


def measure(work: Callable[..., None], stopwatch: Stopwatch, *arguments: object) -> Lap:
    """Run `work(stopwatch, *arguments)` in a fresh process until it has done as many messages as the watch wants."""
    spawn = multiprocessing.get_context("spawn")
    receiving, sending = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_run, args=(sending, work, stopwatch, arguments))
    process.start()
    sending.close()
    try:
        lap: Lap = receiving.recv()
    finally:
        process.join()
    return lap


def _run(sending: Connection, work: Callable[..., None], stopwatch: Stopwatch, arguments: Sequence[object]) -> None:
    work(stopwatch, *arguments)
    sending.send(stopwatch.lap)


def median(laps: Sequence[Lap]) -> Lap:
    """Of each figure by itself; memory: the worst."""
    return Lap(
        laps[0].messages,
        statistics.median(lap.seconds for lap in laps),
        statistics.median(lap.cpu for lap in laps),
        max(lap.mib for lap in laps),
    )


def high_water(pid: int | str = "self") -> float:
    """The most memory that a process ever had, MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0
