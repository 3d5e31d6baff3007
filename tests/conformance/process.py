"""A worker or a relay in a process of its own, to be killed: `python -m tests.conformance.process work|relay`.

The addresses come in `TSUDOI_TEST_DATABASE_<SERVICE>` and `TSUDOI_TEST_BROKER`."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from shared.bus import worker
from shared.bus.local import LocalPublisher
from shared.bus.rabbit import RabbitPublisher
from shared.bus.relay import run_relay
from tests.conformance import sample
from tests.conformance.buses import Bus

SERVICES = {"billing": sample.BILLING, "notifications": sample.NOTIFICATIONS}


def spawn(
    what: str, bus: Bus, *, crash_at: str = "", clock_file: Path | None = None, hangs_after: float | None = None
) -> subprocess.Popen[bytes]:
    """Start one that dies at a crash point, if one is given."""
    environment = {
        **os.environ,
        "TSUDOI_TEST_BROKER": bus.broker_url,
        "TSUDOI_TEST_DATABASE_BILLING": bus.billing.settings.database,
        "TSUDOI_TEST_DATABASE_NOTIFICATIONS": bus.notifications.settings.database,
        "TSUDOI_TESTING": "1",
        "TSUDOI_CRASH_AT": crash_at,
        "TSUDOI_CLOCK_FILE": str(clock_file or ""),
        **({} if hangs_after is None else {"TSUDOI_TEST_HANGS_AFTER": str(hangs_after)}),
    }
    return subprocess.Popen([sys.executable, "-m", "tests.conformance.process", what], env=environment)


def main(what: str) -> None:
    broker = os.environ["TSUDOI_TEST_BROKER"]
    running = {
        name: sample.start(service, os.environ[f"TSUDOI_TEST_DATABASE_{name.upper()}"], broker)
        for name, service in SERVICES.items()
    }
    stop = threading.Event()
    if what == "work":
        worker.HANGS_AFTER = float(os.environ.get("TSUDOI_TEST_HANGS_AFTER", worker.HANGS_AFTER))
        sys.exit(worker.run_worker(running["notifications"], broker_url=broker or None, stop=stop))
    else:
        publisher = RabbitPublisher(broker) if broker else LocalPublisher(list(running.values()))
        run_relay(running["billing"], publisher, stop)


if __name__ == "__main__":
    main(sys.argv[1])
