"""A stack of its own for a bench, with a society and members put straight into the databases (not what is measured)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from deploy.stack.stack import Stack
from deploy.stack.state import SERVICES
from shared.cli import service_named
from shared.db import insert_rows
from shared.people import PersonRow
from shared.service import RunningService
from shared.society import SocietyRow
from tests.bench.lap import high_water

SOCIETY = "019f0000-0000-7000-8000-0000000000be"


@contextmanager
def stack(services: Sequence[str] = SERVICES) -> Iterator[Stack]:
    """A fresh full stack, or one of some services, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tsudoi-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        started = Stack.start(Path(folder) / "stack", services=services)
        try:
            yield started
        finally:
            started.remove()


def running(started: Stack, name: str) -> RunningService:
    """A service of the stack, in this process too."""
    service = service_named(name)
    return service.start(service.settings.load(name, started.env(name)))


def fill(started: Stack, members: int, services: Sequence[str] = SERVICES) -> None:
    """The society in every service, and its members' local copies where they are needed."""
    for name in services:
        service = running(started, name)
        with service.session() as session:
            session.add(society())
        if name in ("billing", "notifications"):
            for start in range(0, members, 20_000):
                with service.unit(SOCIETY) as uow:
                    insert_rows(uow.session, PersonRow, (person(i) for i in range(start, min(start + 20_000, members))))
        service.stop()


def society() -> SocietyRow:
    return SocietyRow(
        id=SOCIETY,
        revision=1,
        slug="bench",
        name="計測学会",
        name_en="Bench Society",
        zone="Asia/Tokyo",
        fiscal_year_starts=4,
        email="office@bench.example",
        address="",
        phone="",
        registration_number=None,
        registered_from=None,
    )


def person(i: int) -> dict[str, object]:
    return {  # a member as billing and notifications know them
        "society_id": SOCIETY,
        "id": f"019f0000-0000-7000-9000-{i:012x}",
        "revision": 1,
        "kind": "individual",
        "name": f"髙橋 {i}",
        "kana": "タカハシ",
        "roman": f"Takahashi {i}",
        "email": f"m{i}@bench.example",
        "language": "ja" if i % 10 else "en",
        "number": f"M{i:07d}",
        "standing": "active",
        "category": "regular",
        "category_name": "正会員",
        "category_name_en": "Regular",
        "joined_on": None,
        "leaves_on": None,
        "affiliation": "",
        "postcode": "",
        "address": "",
    }


def wait_until(true: Callable[[], bool], seconds: float = 600, every: float = 0.05) -> None:
    """Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(every)


def peak_memory(started: Stack) -> dict[str, float]:
    """The high-water mark of each process of the stack that is ours, MiB."""
    found = {}
    for name, process in started.state.processes.items():
        if name.startswith(("web-", "work-", "relay-")):
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            found[name] = max(high_water(each.pid) for each in family)
    return found
