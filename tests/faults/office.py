"""A small society for one test of faults: members with open invoices, and short ways to its surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.billing import invoices
from shared.ids import new_id
from shared.messages import Envelope
from shared.outbox import OutboxRow
from tests.faults.books import id_of, reading
from tests.faults.load import Payers
from tests.faults.site import Site, found_society


@dataclass
class Office:
    """`members` are ids of people."""

    site: Site
    society: str
    members: list[str]

    @classmethod
    def found(cls, site: Site, members: int = 20) -> Office:
        return cls(site, *found_society(site, members))

    def bill(self, count: int, *, wait: bool = True) -> list[tuple[str, str]]:
        """Issue so many invoices of 10,000 yen: (invoice, payer). `wait` until payments can take money for them."""
        made = []
        with self.site.running("billing") as running, running.unit(self.society) as uow:
            for number in range(count):
                payer = self.members[number % len(self.members)]
                row = invoices.issue_for_registration(
                    uow,
                    registration_id=new_id(),
                    payer_id=payer,
                    title="研究会参加費",
                    title_en="Meeting fee",
                    fee=10_000,
                    tax_class="standard",
                    due_on=None,
                )
                assert row is not None
                made.append((row.id, payer))
        if wait:
            self.site.wait_until(lambda: self.count("payments", "requests", [id for id, _ in made]) == count)
        return made

    def payers(self, bills: Sequence[tuple[str, str]], *, seed: int, manner: str | None = None) -> Payers:
        """Started; to be finished and stopped."""
        load = Payers(self.site, self.society, seed=seed)
        for invoice, payer in bills:
            load.ask(invoice, payer, manner)
        return load.start()

    def pay(self, bills: Sequence[tuple[str, str]], *, seed: int, manner: str | None = None) -> Payers:
        """All of them, to the end."""
        load = self.payers(bills, seed=seed, manner=manner)
        try:
            load.finish()
        finally:
            load.stop()
        assert not load.trouble
        return load

    def count(self, service: str, table: str, invoices: Sequence[str]) -> int:
        """Rows about these invoices."""
        query = f"SELECT invoice_id FROM {table} WHERE society_id = :society"
        with reading({service: self.site.databases[service]}) as books:
            return sum(
                id_of(row.invoice_id) in set(invoices) for row in books.rows(service, query, society=self.society)
            )

    def said(self, service: str) -> list[Envelope]:
        """All that a service ever said about this society, in order."""
        with self.site.running(service) as running, running.session(reading=True) as session:
            query = sa.select(OutboxRow).where(OutboxRow.society == self.society).order_by(OutboxRow.id)
            rows = session.scalars(query).all()
        names = ("id", "type", "society", "payload", "bulk", "correlation", "causation", "traceparent")
        return [Envelope(source=f"/{service}", time=r.said_at, **{n: getattr(r, n) for n in names}) for r in rows]

    def fingerprint(self) -> dict[str, list[Any]]:
        """Everything that messages have made of this society, to be compared with itself."""
        tables = {
            "billing": ("invoices", "payments", "allocations", "credits", "receipts"),
            "payments": ("requests", "payments", "entries", "reversals", "attempts"),
            "notifications": ("notes",),
        }
        found: dict[str, list[Any]] = {}
        with reading(self.site.databases) as books:
            for service, names in tables.items():
                for name in names:
                    query = (
                        f"SELECT to_jsonb(t) - 'next_ask_at' - 'asked' AS row FROM {name} t WHERE society_id = :society"
                    )
                    rows = books.rows(service, query, society=self.society)
                    found[f"{service}.{name}"] = sorted(str(sorted(row.row.items())) for row in rows)
            query = "SELECT id, cause FROM letters WHERE society_id = :society ORDER BY id"
            found["letters"] = books.rows("notifications", query, society=self.society)
        return found
