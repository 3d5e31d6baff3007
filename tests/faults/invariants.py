"""The invariants of a site after faults, each by plain SQL over its databases. Each returns what breaks it: [] is good.

I7 belongs to the seats of events, I11-I16 to tests of their own; a few of them that cost nothing stand here as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Set

from services.billing.models import InvoiceState
from shared.cli import service_named
from tests.faults.books import Books, id_of

Violations = list[str]


def i1_everything_said_is_sent(books: Books) -> Violations:
    """Every committed outbox row is confirmed."""
    query = "SELECT id, type FROM outbox WHERE sent_at IS NULL"
    return [f"{name} never sent {row.type} {row.id}" for name in books.services for row in books.rows(name, query)]


def i2_effects_happen_once(books: Books) -> Violations:
    """One inbox row for each consumer and message, one effect for each message, each fact said once."""
    found = []
    for name in books.services:
        twice = books.rows(name, "SELECT id FROM inbox GROUP BY id HAVING count(*) > 1")
        found += [f"{name} has message {row.id} twice" for row in twice]
    doubled = """SELECT payment_id, invoice_id FROM allocations WHERE cause = 'received'
                 GROUP BY payment_id, invoice_id HAVING count(*) > 1"""
    found += [f"payment {row.payment_id} was applied twice" for row in books.rows("billing", doubled)]
    once = """SELECT causation, type FROM outbox
              WHERE causation IS NOT NULL AND (type LIKE 'billing.InvoicePaid.%' OR type LIKE 'billing.ReceiptIssued.%')
              GROUP BY causation, type HAVING count(*) > 1"""
    found += [f"message {row.causation} caused {row.type} twice" for row in books.rows("billing", once)]
    for name in books.services:
        same = "SELECT type, payload FROM outbox GROUP BY type, payload HAVING count(*) > 1"
        found += [f"{name} said twice: {row.type} {row.payload[:200]}" for row in books.rows(name, same)]
    return found


def i3_all_money_is_accounted_for(books: Books) -> Violations:
    """Payments = allocations + credit; no payment and no invoice is allocated beyond its amount; both services agree"""
    found = []
    used = """SELECT p.id, p.payer_id, p.amount, p.state, coalesce(sum(a.amount), 0) AS used
              FROM payments p LEFT JOIN allocations a ON a.payment_id = p.id
              GROUP BY p.id, p.payer_id, p.amount, p.state"""
    left: Counter[str] = Counter()
    ours = {}
    for row in books.rows("billing", used):
        kept = row.amount if row.state == "received" else 0
        if not 0 <= row.used <= kept:
            found.append(f"payment {row.id} of {kept} is applied with {row.used}")
        left[id_of(row.payer_id)] += kept - int(row.used)
        ours[id_of(row.id)] = kept
    credit = {
        id_of(row.payer_id): row.balance for row in books.rows("billing", "SELECT payer_id, balance FROM credits")
    }
    for payer in left.keys() | credit.keys():
        if left[payer] != credit.get(payer, 0):
            found.append(f"credit of {payer} is {credit.get(payer, 0)}, payments leave {left[payer]}")
    over = """SELECT i.id, i.total FROM invoices i JOIN allocations a ON a.invoice_id = i.id
              GROUP BY i.id, i.total HAVING sum(a.amount) > i.total OR sum(a.amount) < 0"""
    found += [f"invoice {row.id} of {row.total} has more allocated" for row in books.rows("billing", over)]
    kept_there = _kept_payments(books)
    for id in ours.keys() | kept_there.keys():
        if ours.get(id) != kept_there.get(id):
            found.append(f"payment {id}: billing has {ours.get(id)}, payments {kept_there.get(id)}")
    return found


def i4_every_entry_balances(books: Books) -> Violations:
    """Each journal entry has its postings, each payment and reversal its one entry; the accounts sum up."""
    found = []
    bad = "SELECT id FROM postings WHERE amount <= 0 OR debit = credit"
    found += [f"posting {row.id} moves nothing" for row in books.rows("payments", bad)]
    empty = "SELECT id FROM entries e WHERE NOT EXISTS (SELECT 1 FROM postings p WHERE p.entry_id = e.id)"
    found += [f"entry {row.id} has no postings" for row in books.rows("payments", empty)]
    booked = """SELECT p.id, p.amount, count(DISTINCT e.id) AS entries, coalesce(sum(o.amount), 0) AS booked
                FROM payments p LEFT JOIN entries e ON e.payment_id = p.id AND e.kind IN ('payment', 'assignment')
                LEFT JOIN postings o ON o.entry_id = e.id
                GROUP BY p.id, p.amount HAVING count(DISTINCT e.id) <> 1 OR coalesce(sum(o.amount), 0) <> p.amount"""
    for row in books.rows("payments", booked):
        found.append(f"payment {row.id} of {row.amount} is booked {row.entries} times with {row.booked}")
    undone = """SELECT r.payment_id, count(e.id) AS entries FROM reversals r
                LEFT JOIN entries e ON e.payment_id = r.payment_id AND e.kind = 'reversal'
                GROUP BY r.payment_id HAVING count(e.id) <> 1"""
    found += [f"payment {r.payment_id} is taken back {r.entries} times" for r in books.rows("payments", undone)]
    balance = """SELECT coalesce(sum(CASE WHEN credit = 'payers' THEN amount ELSE 0 END), 0)
                      - coalesce(sum(CASE WHEN debit = 'payers' THEN amount ELSE 0 END), 0) FROM postings"""
    kept = sum(_kept_payments(books).values())
    if (owed := int(books.one("payments", balance))) != kept:
        found.append(f"the books owe {owed} to payers, payments say {kept}")
    return found


def i5_one_invoice_for_each_member(books: Books) -> Violations:
    """One live annual invoice of a member and year; a run decided on each member once and left nobody out."""
    found = []
    live = """SELECT payer_id, fiscal_year, count(*) AS n FROM invoices WHERE kind = 'annual' AND state <> 'cancelled'
              GROUP BY society_id, payer_id, fiscal_year HAVING count(*) > 1"""
    found += [f"member {r.payer_id} has {r.n} invoices for {r.fiscal_year}" for r in books.rows("billing", live)]
    twice = "SELECT person_id FROM run_results GROUP BY run_id, person_id HAVING count(*) > 1"
    found += [f"a run decided twice on {row.person_id}" for row in books.rows("billing", twice)]
    numbers = "SELECT number FROM invoices WHERE number IS NOT NULL GROUP BY society_id, number HAVING count(*) > 1"
    found += [f"number {row.number} was given twice" for row in books.rows("billing", numbers)]
    forgotten = """SELECT p.id FROM people p JOIN runs r ON r.society_id = p.society_id
                   WHERE r.state IN ('created', 'confirming', 'confirmed') AND NOT EXISTS
                     (SELECT 1 FROM run_results x WHERE x.run_id = r.id AND x.person_id = p.id)"""
    found += [f"a run forgot {row.id}" for row in books.rows("billing", forgotten)]
    promised = """SELECT r.id, r.invoiced + r.nothing_due AS promised, r.total,
                         count(i.id) AS made, coalesce(sum(i.total), 0) AS sum
                  FROM runs r LEFT JOIN invoices i ON i.run_id = r.id
                  WHERE r.state IN ('created', 'confirming', 'confirmed')
                  GROUP BY r.id, r.invoiced, r.nothing_due, r.total"""
    for row in books.rows("billing", promised):
        if (row.promised, row.total) != (row.made, int(row.sum)):
            found.append(f"run {row.id} counts {row.promised} for {row.total}, made {row.made} for {row.sum}")
    drafts = """SELECT i.id FROM invoices i JOIN runs r ON r.id = i.run_id
                WHERE r.state = 'confirmed' AND (i.state = 'draft' OR i.number IS NULL)"""
    found += [f"invoice {row.id} of a confirmed run is a draft" for row in books.rows("billing", drafts)]
    return found


def i6_state_follows_from_allocations(books: Books) -> Violations:
    """What an invoice says is paid is what is allocated; exactly the paid ones have a receipt that counts."""
    found = []
    query = """SELECT i.id, i.state, i.total, i.paid, coalesce(sum(a.amount), 0) AS allocated,
                      (SELECT count(*) FROM receipts r WHERE r.invoice_id = i.id AND r.voided_at IS NULL) AS receipts
               FROM invoices i LEFT JOIN allocations a ON a.invoice_id = i.id
               GROUP BY i.id, i.state, i.total, i.paid"""
    for row in books.rows("billing", query):
        allocated = int(row.allocated)
        if row.paid != allocated:
            found.append(f"invoice {row.id} says {row.paid} paid, allocated are {allocated}")
        if row.state not in (InvoiceState.DRAFT, InvoiceState.CANCELLED) and row.state != _state(row.total, allocated):
            found.append(f"invoice {row.id} is {row.state} with {allocated} of {row.total}")
        if row.receipts != (1 if row.state == InvoiceState.PAID else 0):
            found.append(f"invoice {row.id} is {row.state} and has {row.receipts} receipts")
    return found


def i8_one_letter_for_each_fact(books: Books, mails: Mapping[str, int] | None = None, ambiguous: int = 0) -> Violations:
    """One letter for each fact, kind and recipient; each sent one arrived, once (`mails`: Message-ID → copies).

    `ambiguous`: how often a sender, or the database under it, was killed: each time the one letter in its hand may have
    been handed over and not marked, and goes out twice, under the same Message-ID."""
    found = []
    letters = books.rows("notifications", "SELECT kind, cause, invoice_id, person_id, state, message_id FROM letters")
    by_cause = Counter(row.cause for row in letters)
    found += [f"{count} letters for {cause}" for cause, count in by_cause.items() if count > 1]
    asked = "SELECT id, payer_id FROM invoices WHERE number IS NOT NULL AND total > 0"
    wanted = {f"invoice-created:{id_of(r.id)}:{id_of(r.payer_id)}" for r in books.rows("billing", asked)}
    receipts = books.rows("billing", "SELECT id, payer_id FROM receipts")
    wanted |= {f"receipt-issued:{id_of(row.id)}:{id_of(row.payer_id)}" for row in receipts}
    theirs = {cause for cause in by_cause if cause.startswith(("invoice-created:", "receipt-issued:"))}
    found += [f"no letter for {cause}" for cause in wanted - theirs]
    found += [f"a letter about nothing: {cause}" for cause in theirs - wanted]
    if mails is None:
        return found
    sent = {row.message_id for row in letters if row.state == "sent"}
    found += [f"letter {id} was sent and never arrived" for id in sent - mails.keys()]
    doubles = {id: copies for id, copies in mails.items() if copies > 1}
    if sum(copies - 1 for copies in doubles.values()) > ambiguous:
        found.append(f"{len(doubles)} letters arrived more than once: {sorted(doubles)[:5]}")
    known = {row.message_id for row in letters}
    return found + [f"mail {id} belongs to no letter" for id in mails.keys() - known]


def i9_provider_agrees(books: Books) -> Violations:
    """Our online payments and the provider's paid charges are the same, both ways; so are all other outcomes.

    At a deadline either side may strike first: what ran out here is stopped there, and may be cancelled by that."""
    found = []
    query = "SELECT provider_number, amount FROM payments WHERE provider = 'sandbox'"
    ours = {row.provider_number: row.amount for row in books.rows("payments", query)}
    charges = books.rows("sandbox", "SELECT id, key, state, amount FROM charges")
    theirs = {row.id: row.amount for row in charges if row.state == "paid"}
    for number in ours.keys() | theirs.keys():
        if ours.get(number) != theirs.get(number):
            found.append(f"charge {number}: provider took {theirs.get(number)}, we have {ours.get(number)}")
    attempts = {id_of(r.id): r for r in books.rows("payments", "SELECT id, reference, state FROM attempts")}
    for charge in charges:
        attempt = attempts.pop(charge.key, None)
        if attempt is not None and tuple(attempt[1:]) == (charge.id, "expired") and charge.state == "cancelled":
            continue
        if attempt is None or (attempt.reference, attempt.state) != (charge.id, charge.state):
            found.append(f"charge {charge.id} is {charge.state}, our attempt {attempt and tuple(attempt)}")
    return found + [f"attempt {id} is unknown to the provider" for id, a in attempts.items() if a.reference]


def i10_everything_sent_is_processed(books: Books, dead: Mapping[str, set[str]] | None = None) -> Violations:
    """In every service that subscribes: handled, parked, discarded, or in its dead-letter queue."""
    found = []
    said = {
        name: {id_of(row.id): row.type for row in books.rows(name, "SELECT id, type FROM outbox")}
        for name in books.services
    }
    for name in books.services:
        heard = {contract.type_name() for contract in service_named(name).subscriptions}
        query = "SELECT id FROM inbox WHERE state IN ('handled', 'parked', 'discarded')"
        done = {id_of(row.id) for row in books.rows(name, query)} | (dead or {}).get(name, set())
        for messages in said.values():
            found += [f"{name} missed {type} {id}" for id, type in messages.items() if type in heard and id not in done]
    return found


def i11_requests_equal_their_invoices(books: Books) -> Violations:
    """Payments knows the newest public state of every issued invoice."""
    query = "SELECT id, revision, total - paid AS due, state FROM invoices WHERE number IS NOT NULL"
    source = {
        id_of(row.id): (row.revision, 0 if row.state == "cancelled" else row.due)
        for row in books.rows("billing", query)
    }
    requests = books.rows("payments", "SELECT invoice_id, invoice_revision, due FROM requests")
    copy = {id_of(row.invoice_id): (row.invoice_revision, row.due) for row in requests}
    return [
        f"invoice {id} is {source.get(id)} (revision, due), its request {copy.get(id)}"
        for id in source.keys() | copy.keys()
        if source.get(id) != copy.get(id)
    ]


def i14_nothing_is_dead_or_parked(
    books: Books, dead: Mapping[str, set[str]] | None = None, injected: Set[str] = frozenset()
) -> Violations:
    """What went to the dead-letter queues is exactly what was put there on purpose; nothing waits for the operator."""
    parked = "SELECT id, type, error FROM inbox WHERE state = 'parked'"
    found = [f"{name} parked {r.type} {r.id}: {r.error}" for name in books.services for r in books.rows(name, parked)]
    known = {id for ids in (dead or {}).values() for id in ids}
    return found + [f"{id} in the dead-letter queues: {id in known}" for id in known ^ injected]


ALONE: tuple[Callable[[Books], Violations], ...] = (
    i1_everything_said_is_sent,
    i2_effects_happen_once,
    i3_all_money_is_accounted_for,
    i4_every_entry_balances,
    i5_one_invoice_for_each_member,
    i6_state_follows_from_allocations,
    i9_provider_agrees,
    i11_requests_equal_their_invoices,
)


def all_violations(
    books: Books,
    *,
    mails: Mapping[str, int] | None = None,
    ambiguous: int = 0,
    dead: Mapping[str, set[str]] | None = None,
    injected: Set[str] = frozenset(),
) -> Violations:
    """Of all invariants, each with its name in front."""
    found = [f"{check.__name__}: {each}" for check in ALONE for each in check(books)]
    found += [f"i8: {each}" for each in i8_one_letter_for_each_fact(books, mails, ambiguous)]
    found += [f"i10: {each}" for each in i10_everything_sent_is_processed(books, dead)]
    return found + [f"i14: {each}" for each in i14_nothing_is_dead_or_parked(books, dead, injected)]


def _kept_payments(books: Books) -> dict[str, int]:
    """Payment id → yen as the ledger of payments has it; 0 for what was taken back."""
    query = "SELECT p.id, p.amount, r.id AS reversal FROM payments p LEFT JOIN reversals r ON r.payment_id = p.id"
    return {id_of(row.id): 0 if row.reversal else row.amount for row in books.rows("payments", query)}


def _state(total: int, allocated: int) -> InvoiceState:
    if total == 0:
        return InvoiceState.NOTHING_DUE
    if allocated == 0:
        return InvoiceState.UNPAID
    return InvoiceState.PAID if allocated == total else InvoiceState.PART_PAID
