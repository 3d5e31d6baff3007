"""A steady stream of requests from many people, every one of which must be answered well.

Half of them open a connection for each request. The others keep theirs, and do what browsers do: when a connection that
was kept is closed instead of an answer, they ask once more on a new one (RFC 9110, section 9.2.2; a payment that is
entered carries a key that makes it count once)."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import Any
from uuid import UUID

import requests

from shared.identity import Role
from shared.ids import new_id
from tests.faults.site import Site, today

PEOPLE = 6
EACH = 0.12  # seconds between requests of one of them: together about fifty a second
POSTS = 5  # every so manieth request enters a payment
PLACES = (
    "/payments/api/payments",
    "/payments/api/ledger/trial-balance",
    "/billing/api/invoices",
    "/billing/console/invoices",
    "/members/api/members",
    "/events/api/events",
    "/notifications/api/letters",
)


class Visitors:
    """`failed`: what was not answered well. `entered`: keys of payments whose entry was confirmed."""

    def __init__(self, site: Site, society: str, payers: list[str], *, seed: int) -> None:
        self.site = site
        self.statuses: Counter[int] = Counter()
        self.failed: list[str] = []
        self.entered: list[str] = []
        self.asked_again = 0
        self._payers = payers
        self._chance = random.Random(seed)
        self._society = society
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(number % 2 == 0,)) for number in range(PEOPLE)]

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(90)

    def _visit(self, keeps: bool) -> None:
        session = requests.Session() if keeps else None
        number = self._chance.randrange(POSTS)
        while not self._stop.is_set():
            began = time.monotonic()
            number += 1
            if number % POSTS == 0:
                key = str(UUID(new_id()))
                if self._ask(session, "POST", "/payments/api/payments", json=self._entry(key)):
                    self.entered.append(key)
            else:
                self._ask(session, "GET", self._chance.choice(PLACES))
            self._stop.wait(max(0.0, EACH - (time.monotonic() - began)))

    def _ask(self, session: requests.Session | None, verb: str, place: str, **options: Any) -> bool:
        address, options = f"{self.site.url}{place}", {"timeout": 60, "allow_redirects": False, **options}
        try:
            try:
                answer = (session or requests).request(verb, address, headers=self._bearer(), **options)
            except requests.ConnectionError:
                if session is None:
                    raise
                self.asked_again += 1
                answer = requests.request(verb, address, headers=self._bearer(), **options)
        except requests.RequestException as error:
            self.failed.append(f"{verb} {place}: {error!r}")
            return False
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 400:
            self.failed.append(f"{verb} {place}: {answer.status_code} {answer.text[:300]}")
        return answer.status_code < 400

    def _bearer(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.site.token(self._society, Role.ACCOUNTING, Role.EVENTS)}",
            "Accept-Language": "en",
        }

    def _entry(self, key: str) -> dict[str, Any]:
        part = {"payer_id": self._chance.choice(self._payers), "amount": 1_000}
        return {"method": "cash", "received_on": today(), "parts": [part], "entry_key": key}
