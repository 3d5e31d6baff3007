"""Payments coming in while things break: members pay on My Page and at the sandbox's till, staff enter cash.

A payer whose request fails tries again, as people do, until it has worked or the load is told to stop."""

from __future__ import annotations

import queue
import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import requests
import sqlalchemy as sa

from shared.identity import Role
from shared.ids import new_id
from tests.faults.books import id_of, reading
from tests.faults.site import Site, today

GOOD_CARD = "4242424242424242"
DECLARED = (502, 503, 504)  # what a client may see while something is away; any other 5xx is a defect (I15)
MANNERS = ("konbini",) * 4 + ("card",) * 3 + ("cash", "part", "over", "taken back", "konbini and cash")
PAUSE = 0.2


class NotNow(Exception):
    """The site did not answer, or not as it does when it is well."""


class Payers:
    """Some threads that pay invoices one after the other. `paid`: invoice → manner; `statuses`: of all answers."""

    def __init__(self, site: Site, society: str, *, seed: int, threads: int = 3) -> None:
        self.site, self.society = site, society
        self.asked: set[str] = set()
        self.paid: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self.trouble: list[str] = []
        self._chance = random.Random(seed)
        self._todo: queue.Queue[tuple[str, str, str]] = queue.Queue()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._work, name=f"payer {n}") for n in range(threads)]

    def start(self) -> Payers:
        for thread in self._threads:
            thread.start()
        return self

    def ask(self, invoice: str, payer: str, manner: str | None = None) -> None:
        """One more invoice to be paid; the second time it is asked for changes nothing."""
        if invoice not in self.asked:
            self.asked.add(invoice)
            self._todo.put((invoice, payer, manner or self._chance.choice(MANNERS)))

    def finish(self, seconds: float = 90) -> None:
        """Wait until all that was asked for is paid; the clock goes on, so that silent providers are asked again."""
        self.site.wait_until(
            lambda: len(self.paid) == len(self.asked) or self.trouble,
            seconds=seconds,
            why=lambda: f"{len(self.asked) - len(self.paid)} unpaid, answers {self.statuses}",
        )

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a payer does not stop"

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                invoice, payer, manner = self._todo.get(timeout=PAUSE)
            except queue.Empty:
                continue
            payer_at = Payer(self, invoice, payer)
            while not self._stopping.is_set():
                try:
                    payer_at.pay(manner)
                    self.paid[invoice] = manner
                    break
                except (NotNow, requests.RequestException):
                    self._stopping.wait(PAUSE)
                except Exception as error:  # a defect of the site or of this file: the test shows it
                    self.trouble.append(f"{manner} of {invoice}: {error!r}")
                    break


class Payer:
    """One person at one invoice. What was done is remembered, so that trying again goes on where it stopped."""

    def __init__(self, load: Payers, invoice: str, payer: str) -> None:
        self._load, self._site = load, load.site
        self._invoice, self._payer = invoice, payer
        self._entry_key, self._payment = str(UUID(new_id())), ""
        self._done: set[str] = set()
        self._page = f"{load.site.url}/payments/my/pay/{invoice}"

    def pay(self, manner: str) -> None:
        steps: dict[str, list[tuple[str, Callable[[], None]]]] = {
            "konbini": [("store", self._pay_at_the_store)],
            "card": [("card", self._pay_by_card)],
            "cash": [("cash", lambda: self._enter_cash(10_000))],
            "part": [("cash", lambda: self._enter_cash(4_000))],
            "rest": [("rest", lambda: self._enter_cash(6_000))],
            "over": [("cash", lambda: self._enter_cash(10_700))],
            "taken back": [("cash", lambda: self._enter_cash(10_000)), ("back", self._take_back)],
            "konbini and cash": [("store", self._pay_at_the_store), ("cash", lambda: self._enter_cash(10_000))],
        }
        for name, step in steps[manner]:
            if name not in self._done:
                step()
                self._done.add(name)

    def _pay_at_the_store(self) -> None:
        number = self._choose({"method": "konbini", "chain": "seven_eleven"}, r"\b(\d{13})\b")
        till = self._send("GET", f"{self._site.url}/sandbox/store?number={number}").text
        charge = re.search(r"/sandbox/store/(ch_\w+)", till)
        if charge is None:
            raise NotNow("the till has no such slip")
        self._send("POST", f"{self._site.url}/sandbox/store/{charge[1]}", data={"action": "pay"}, fine=(409,))

    def _pay_by_card(self) -> None:
        charge = self._choose({"method": "card"}, r"/sandbox/card/(ch_\w+)")
        card = f"{self._site.url}/sandbox/card/{charge}"
        self._send("POST", card, data={"number": GOOD_CARD})
        self._send("POST", f"{card}/send")
        self._send("POST", f"{card}/secure", data={"answer": "pass"})

    def _choose(self, form: dict[str, str], wanted: str) -> str:
        """Choose a way on My Page; what to pay with stands on the page, now or when the provider has answered."""
        found = re.search(wanted, self._send("GET", self._page, Role.MEMBER).text)
        if found is None:
            self._send("POST", self._page, Role.MEMBER, data=form)
            found = re.search(wanted, self._send("GET", self._page, Role.MEMBER).text)
        if found is None:
            raise NotNow("the provider has not answered yet")
        return found[1]

    def _enter_cash(self, amount: int) -> None:
        entry = {
            "method": "cash",
            "received_on": today(),
            "parts": [{"invoice_id": self._invoice, "amount": amount}],
            "entry_key": self._entry_key,
        }
        made: Any = self._send("POST", f"{self._site.url}/payments/api/payments", Role.ACCOUNTING, json=entry).json()
        self._payment = made[0]["id"]

    def _take_back(self) -> None:
        address = f"{self._site.url}/payments/api/payments/{self._payment}/reversal"
        self._send("POST", address, Role.ACCOUNTING, json={"memo": "typed twice"}, fine=(409,))

    def _send(
        self, verb: str, address: str, role: Role | None = None, *, fine: tuple[int, ...] = (), **options: Any
    ) -> requests.Response:
        headers = {"Accept-Language": "en"}
        if role is not None:
            person = self._payer if role is Role.MEMBER else None
            headers["Authorization"] = f"Bearer {self._site.token(self._load.society, role, person=person)}"
        answer = requests.request(verb, address, headers=headers, timeout=30, allow_redirects=False, **options)
        self._load.statuses[answer.status_code] += 1
        if answer.status_code in DECLARED:
            raise NotNow(answer.status_code)
        if answer.status_code >= 400 and answer.status_code not in fine:
            raise AssertionError(f"{verb} {address}: {answer.status_code} {answer.text[:500]}")
        return answer


class Feeder:
    """Gives the payers what can be paid as it appears, a few at a time, as long as it lives."""

    def __init__(self, load: Payers, *, at_once: int = 2, limit: int = 10_000) -> None:
        self._load, self._at_once, self._limit = load, at_once, limit
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeder")

    def start(self) -> Feeder:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._stopping.wait(PAUSE) and len(self._load.asked) < self._limit:
            fresh = [(invoice, payer) for invoice, payer in self._open() if invoice not in self._load.asked]
            for invoice, payer in fresh[: self._at_once]:
                self._load.ask(invoice, payer)

    def _open(self) -> list[tuple[str, str]]:
        query = """SELECT invoice_id, payer_id FROM requests WHERE society_id = :society AND state = 'open'
                   ORDER BY invoice_number LIMIT 400"""
        with suppress(sa.exc.DBAPIError), reading({"payments": self._load.site.databases["payments"]}) as books:
            found = books.rows("payments", query, society=self._load.society)
            return [(id_of(row.invoice_id), id_of(row.payer_id)) for row in found]
        return []
