"""A service's worker: takes messages, works off the inbox, does what time brings and what takes long, each in a thread.

A thread that fails is started again with growing pauses; one that hangs ends the process: never a silent zombie. Only
long work may take as long as it likes: its lease tells whether it lives. A relay process is watched in the same way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog
from prometheus_client import Counter

from shared import jobs
from shared.bus import ticker
from shared.bus.relay import Publisher, pause, run_relay
from shared.bus.retry import work_off
from shared.service import RunningService
from shared.trouble import database_is_down

log = structlog.get_logger()

POLL = 0.5  # seconds between looks at the inbox and at long work, unless woken
HANGS_AFTER = 300.0  # seconds without any progress; a unit of work takes 60 s at most
HANGS = 70  # exit status
DRAIN = 25.0  # seconds to finish what is in hand when told to stop
LONGEST_PAUSE = 10.0

RESTARTS = Counter(
    "tsudoi_worker_restarts", "Times that a part of a worker or relay failed and was started again", ["service", "part"]
)


class _Part:
    """One thread of the worker, kept alive."""

    def __init__(
        self, running: RunningService, name: str, run: Callable[[Callable[[], None]], None], *, watched: bool = True
    ):
        self.name = name
        self.watched = watched
        self.last_progress = time.monotonic()
        self._running = running
        self._run = run
        self.thread = threading.Thread(target=self._keep_running, name=f"{running.name} {name}", daemon=True)
        self._stop = threading.Event()
        RESTARTS.labels(running.name, name)  # shown from zero, so that the first one is seen as growth

    def start(self, stop: threading.Event) -> None:
        self._stop = stop
        self.thread.start()

    def progress(self) -> None:
        self.last_progress = time.monotonic()

    @property
    def hangs(self) -> bool:
        return not self.thread.is_alive() or (self.watched and time.monotonic() - self.last_progress > HANGS_AFTER)

    def _keep_running(self) -> None:
        failures = 0
        while not self._stop.is_set():
            started = time.monotonic()
            try:
                self._run(self.progress)
            except Exception as error:
                failures = failures + 1 if time.monotonic() - started < 60 else 1
                RESTARTS.labels(self._running.name, self.name).inc()
                known = {"service": self._running.name, "part": self.name, "error": repr(error)}
                log.warning("a part starts again", **known, exc_info=not database_is_down(error))
            self.progress()
            self._stop.wait(pause(failures, LONGEST_PAUSE))


def run_worker(running: RunningService, *, broker_url: str | None, stop: threading.Event) -> int:
    """Work until told to stop, then finish what is in hand. Without a broker, the local bus brings the messages.

    Returns the status with which the process is to end: 0, or 70 when a part hangs and only a new process helps."""
    parts = [
        _Part(running, "inbox", lambda progress: _work_off_inbox(running, stop, progress)),
        _Part(running, "ticker", lambda progress: ticker.run_ticker(running, stop, progress=progress)),
    ]
    if running.service.long_work:
        parts.append(
            _Part(running, "long work", lambda progress: _do_long_work(running, stop, progress), watched=False)
        )
    if broker_url and running.service.subscriptions:
        parts += [_consumer(running, broker_url, stop, bulk=False), _consumer(running, broker_url, stop, bulk=True)]
    return _watch(running, parts, stop)


def run_relaying(running: RunningService, publisher: Publisher, stop: threading.Event) -> int:
    """A relay process: carry messages until told to stop. Returns its status, as `run_worker`."""
    part = _Part(running, "relay", lambda progress: run_relay(running, publisher, stop, progress=progress))
    return _watch(running, [part], stop)


def _watch(running: RunningService, parts: Sequence[_Part], stop: threading.Event) -> int:
    for part in parts:
        part.start(stop)
    while not stop.wait(1.0):
        hanging = [part.name for part in parts if part.hangs]
        if hanging:
            log.critical("process hangs", service=running.name, parts=hanging)
            return HANGS
    deadline = time.monotonic() + DRAIN
    for part in parts:
        part.thread.join(max(0.0, deadline - time.monotonic()))
    return 0


def _consumer(running: RunningService, broker_url: str, stop: threading.Event, *, bulk: bool) -> _Part:
    from shared.bus import consumer

    def run(progress: Callable[[], None]) -> None:
        consumer.consume(running, broker_url, bulk=bulk, stop=stop, progress=progress)

    return _Part(running, "bulk consumer" if bulk else "consumer", run)


def _work_off_inbox(running: RunningService, stop: threading.Event, progress: Callable[[], None]) -> None:
    woken = threading.Event()
    running.after_arriving.append(woken.set)
    try:
        while not stop.is_set():
            progress()
            woken.clear()
            if not work_off(running):
                woken.wait(POLL)
    finally:
        running.after_arriving.remove(woken.set)


def _do_long_work(running: RunningService, stop: threading.Event, progress: Callable[[], None]) -> None:
    woken = threading.Event()
    running.after_starting_work.append(woken.set)
    try:
        while not stop.is_set():
            progress()
            woken.clear()
            if not jobs.run_next(running):
                woken.wait(POLL)
    finally:
        running.after_starting_work.remove(woken.set)
