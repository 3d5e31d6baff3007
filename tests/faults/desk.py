"""Staff at their programs: money entered by the API under a key of its own, and waiting as a program would."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import requests

from shared.identity import Role
from shared.ids import new_id
from tests.faults.books import reading
from tests.faults.site import Site, today

PATIENCE = 60.0  # seconds


@dataclass
class Desk:
    """The accounting desk of one society."""

    site: Site
    society: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.site.token(self.society, Role.ACCOUNTING)}"}

    def enter(
        self, invoices: list[str], *, key: str | None = None, amount: int = 10_000, memo: str = ""
    ) -> requests.Response:
        """Cash for these invoices, so much for each."""
        entry = {
            "method": "cash",
            "received_on": today(),
            "parts": [{"invoice_id": invoice, "amount": amount} for invoice in invoices],
            "entry_key": key or new_id(),
            "memo": memo,
        }
        address = f"{self.site.url}/payments/api/payments"
        return requests.post(address, json=entry, headers=self.headers, timeout=PATIENCE)

    def look(self) -> requests.Response:
        """The newest payments."""
        return requests.get(f"{self.site.url}/payments/api/payments", headers=self.headers, timeout=PATIENCE)

    def enter_surely(self, invoices: list[str], *, key: str) -> list[int]:
        """Again under the same key until it has worked. Returns the answers that it took."""
        seen: list[int] = []
        end = time.monotonic() + PATIENCE
        while not seen or seen[-1] != 201:
            assert time.monotonic() < end, seen
            try:
                answer = self.enter(invoices, key=key)
            except requests.RequestException:
                seen.append(0)
                continue
            seen.append(answer.status_code)
            if answer.status_code != 201:
                assert_declared(answer)
        return seen

    def entered(self, keys: list[str]) -> dict[str, int]:
        """How many payments the books hold for each key."""
        query = "SELECT entry_key FROM payments WHERE society_id = :society AND entry_key IS NOT NULL"
        with reading({"payments": self.site.databases["payments"]}) as books:
            rows: list[Any] = books.rows("payments", query, society=self.society)
        found = [str(row.entry_key).split("/")[0] for row in rows]
        return {key: found.count(key) for key in keys}


def assert_declared(answer: requests.Response) -> None:
    """What a client may be told while something is away or crowded (I15): 503, and when to come again."""
    assert answer.status_code in (429, 503), f"{answer.status_code} {answer.text[:300]}"
    assert int(answer.headers["Retry-After"]) > 0
