"""A steady stream of writes: cash for open invoices, in small parts, at a set rate, whatever else happens."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import requests

from shared.identity import Role
from shared.ids import new_id
from tests.faults.site import Site, today

PART = 100  # yen


class Till:
    """`statuses`: of all answers; `longest`: seconds that one took. A context manager."""

    def __init__(
        self, site: Site, society: str, bills: Sequence[tuple[str, str]], *, rate: float, threads: int = 4
    ) -> None:
        self.statuses: Counter[int] = Counter()
        self.longest = 0.0
        self.payments: list[str] = []
        self._site, self._society = site, society
        self._token = site.token(society, Role.ACCOUNTING)
        self._turns = itertools.cycle([invoice for invoice, _ in bills])
        self._pause = threads / rate
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, name=f"till {n}") for n in range(threads)]

    def __enter__(self) -> Till:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)

    def _work(self) -> None:
        session = requests.Session()
        due = time.monotonic()
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due += self._pause
            with self._lock:
                invoice = next(self._turns)
            entry = {
                "method": "cash",
                "received_on": today(),
                "parts": [{"invoice_id": invoice, "amount": PART}],
                "entry_key": str(UUID(new_id())),
            }
            began = time.monotonic()
            answer = session.post(
                f"{self._site.url}/payments/api/payments",
                json=entry,
                headers={"Authorization": f"Bearer {self._token}"},
                timeout=30,
            )
            with self._lock:
                self.statuses[answer.status_code] += 1
                self.longest = max(self.longest, time.monotonic() - began)
                if answer.ok:
                    self.payments += [each["id"] for each in answer.json()]

    @property
    def refused(self) -> dict[int, int]:
        return {status: count for status, count in self.statuses.items() if status >= 400}
