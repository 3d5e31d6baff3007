"""What is true at every moment, while messages are still under way and processes lie dead. Each returns what breaks
it; what needs rest (everything processed, both services agree) is asked after `settle`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults import invariants
from tests.faults.books import id_of
from tests.faults.invariants import Violations
from tests.model.quick_books import QuickBooks

BETWEEN_SERVICES = ": billing has "  # the sentence of I3 that compares two services: true only at rest

COPIES = {
    "requests": ("payments", "SELECT invoice_id AS id, invoice_revision AS revision FROM requests"),
    "people of billing": ("billing", "SELECT id, revision FROM people"),
    "people of notifications": ("notifications", "SELECT id, revision FROM people"),
    "notes": ("notifications", "SELECT id, revision FROM notes"),
    "registrations": ("events", "SELECT id, invoice_revision AS revision FROM registrations"),
}


def i3_within_billing(books: QuickBooks) -> Violations:
    return [each for each in invariants.i3_all_money_is_accounted_for(books) if BETWEEN_SERVICES not in each]


def i7_no_seat_too_many(books: QuickBooks) -> Violations:
    """As many seats are taken as there are live registrations, and never more than there are."""
    query = """SELECT e.id, e.taken, e.capacity, count(r.id) AS live
               FROM events e LEFT JOIN registrations r ON r.event_id = e.id AND r.state <> 'cancelled'
               GROUP BY e.id, e.taken, e.capacity HAVING e.taken <> count(r.id) OR e.taken > e.capacity"""
    return [
        f"event {row.id}: {row.taken} taken, {row.live} live of {row.capacity}" for row in books.rows("events", query)
    ]


def each_message_has_one_effect(books: QuickBooks) -> Violations:
    """The witness has handled what its inbox says it has handled: each once, none not at all."""
    twice = books.rows("witness", "SELECT type, payload FROM seen GROUP BY type, payload HAVING count(*) > 1")
    found = [f"two effects of {row.type} {row.payload[:120]}" for row in twice]
    [(effects, handled)] = books.rows(
        "witness", "SELECT (SELECT count(*) FROM seen), (SELECT count(*) FROM inbox WHERE state = 'handled')"
    )
    return found + ([f"{handled} messages were handled, {effects} had their effect"] if effects != handled else [])


CHECKS: tuple[tuple[str, Callable[[QuickBooks], Violations]], ...] = (
    ("billing", i3_within_billing),
    ("payments", invariants.i4_every_entry_balances),
    ("billing", invariants.i5_one_invoice_for_each_member),
    ("billing", invariants.i6_state_follows_from_allocations),
    ("events", i7_no_seat_too_many),
    ("witness", each_message_has_one_effect),
)


@dataclass
class Watch:
    """Looks after every step; remembers which revision each copy had."""

    books: QuickBooks
    _newest: dict[tuple[str, str], int] = field(default_factory=dict)

    def violations(self) -> Violations:
        written = self.books.written()
        found = []
        if written - {"sandbox", "witness"}:
            found += invariants.i2_effects_happen_once(self.books)
        for database, check in CHECKS:
            if database in written:
                found += [f"{check.__name__}: {each}" for each in check(self.books)]
        for copy, (database, query) in COPIES.items():
            if database in written:
                found += self._older(copy, query, database)
        return found

    def _older(self, copy: str, query: str, database: str) -> Violations:
        found = []
        for row in self.books.rows(database, query):
            key = (copy, row.id)
            if self._newest.get(key, 0) > row.revision:
                found.append(f"{copy}: {id_of(row.id)} went back from {self._newest[key]} to {row.revision}")
            self._newest[key] = row.revision
        return found
