"""How to break each invariant: rows spoilt on purpose, past triggers and constraints, for the checks to find."""

from __future__ import annotations

from collections.abc import Callable

from tests.faults import invariants as inv
from tests.faults.books import Books

OUTBOX = "type, society, payload, bulk, correlation, causation, traceparent, said_at, sent_at"
MESSAGE_AGAIN = f"INSERT INTO outbox (id, {OUTBOX}) SELECT gen_random_uuid(), {OUTBOX} FROM outbox"
APPLIED_TWICE = """INSERT INTO allocations (society_id, id, payment_id, invoice_id, amount, cause, at)
    SELECT society_id, gen_random_uuid(), payment_id, invoice_id, amount, cause, at FROM allocations
    WHERE cause = 'received' LIMIT 1"""
INVOICE_AGAIN = """INSERT INTO invoices SELECT (jsonb_populate_record(i, '{"number": null, "kind": "annual"}'
    || jsonb_build_object('id', gen_random_uuid(), 'registration_id', NULL))).* FROM invoices i, generate_series(1, 2)
    WHERE i.id = (SELECT id FROM invoices LIMIT 1)"""
LETTER_AGAIN = """INSERT INTO letters SELECT (jsonb_populate_record(l, jsonb_build_object('id', gen_random_uuid()))).*
    FROM letters l LIMIT 1"""
ENTRY_AGAIN = """INSERT INTO entries SELECT (jsonb_populate_record(e, jsonb_build_object('id', gen_random_uuid()))).*
    FROM entries e WHERE kind = 'payment' LIMIT 1"""


def newest(type_name: str) -> str:
    """The message of a type that came last: of old ones the sender may have forgotten its part."""
    return f"id = (SELECT id FROM inbox WHERE type = '{type_name}' ORDER BY received_at DESC, id DESC LIMIT 1)"


def one(table: str, where: str = "true", key: str = "id") -> str:
    return f"{key} = (SELECT {key} FROM {table} WHERE {where} LIMIT 1)"


BROKEN: dict[str, tuple[Callable[[Books], list[str]], str, tuple[str, ...]]] = {
    "I1 unsent": (
        inv.i1_everything_said_is_sent,
        "billing",
        (f"UPDATE outbox SET sent_at = NULL WHERE {one('outbox')}",),
    ),
    "I2 two inbox rows": (
        inv.i2_effects_happen_once,
        "payments",
        ("ALTER TABLE inbox DROP CONSTRAINT pk_inbox", "INSERT INTO inbox SELECT * FROM inbox LIMIT 1"),
    ),
    "I2 applied twice": (inv.i2_effects_happen_once, "billing", (APPLIED_TWICE,)),
    "I2 said twice": (inv.i2_effects_happen_once, "payments", (f"{MESSAGE_AGAIN} LIMIT 1",)),
    "I2 two receipts said": (
        inv.i2_effects_happen_once,
        "billing",
        (
            f"{MESSAGE_AGAIN} WHERE type LIKE '%ReceiptIssued%' LIMIT 1",
            "UPDATE outbox SET payload = payload || ' ' WHERE id = (SELECT max(id::text)::uuid FROM outbox)",
        ),
    ),
    "I3 applied beyond the payment": (inv.i3_all_money_is_accounted_for, "billing", (APPLIED_TWICE,)),
    "I3 credit out of nothing": (
        inv.i3_all_money_is_accounted_for,
        "billing",
        (f"UPDATE credits SET balance = balance + 1 WHERE {one('credits', key='payer_id')}",),
    ),
    "I3 payment lost on its way": (
        inv.i3_all_money_is_accounted_for,
        "billing",
        (f"DELETE FROM payments WHERE {one('payments')}",),
    ),
    "I4 ledger row changed": (
        inv.i4_every_entry_balances,
        "payments",
        (f"UPDATE postings SET amount = amount + 1 WHERE {one('postings')}",),
    ),
    "I4 posting lost": (inv.i4_every_entry_balances, "payments", (f"DELETE FROM postings WHERE {one('postings')}",)),
    "I4 booked twice": (inv.i4_every_entry_balances, "payments", (ENTRY_AGAIN,)),
    "I4 taken back without an entry": (
        inv.i4_every_entry_balances,
        "payments",
        ("DELETE FROM entries WHERE kind = 'reversal'",),
    ),
    "I5 two invoices": (
        inv.i5_one_invoice_for_each_member,
        "billing",
        ("DROP INDEX uq_invoices_live_annual", INVOICE_AGAIN),
    ),
    "I5 forgotten member": (
        inv.i5_one_invoice_for_each_member,
        "billing",
        (
            """INSERT INTO runs (society_id, id, name, name_en, fiscal_year, charge_start, due_on, conditions, state,
              invoiced, nothing_due, left_out, total, created_by, created_at)
            SELECT society_id, gen_random_uuid(), '', '', 2020, now(), now(), '{}', 'confirmed', 0, 0, 0, 0, '', now()
            FROM people LIMIT 1""",
        ),
    ),
    "I6 state without money": (
        inv.i6_state_follows_from_allocations,
        "billing",
        ("UPDATE invoices SET state = 'unpaid', paid = 0 WHERE " + one("invoices", "state = 'paid'"),),
    ),
    "I6 receipt lost": (inv.i6_state_follows_from_allocations, "billing", ("UPDATE receipts SET voided_at = now()",)),
    "I8 two letters": (
        inv.i8_one_letter_for_each_fact,
        "notifications",
        ("ALTER TABLE letters DROP CONSTRAINT uq_letters_society_id_cause", LETTER_AGAIN),
    ),
    "I8 letter lost": (
        inv.i8_one_letter_for_each_fact,
        "notifications",
        ("DELETE FROM letters WHERE " + one("letters", "kind = 'receipt-issued'"),),
    ),
    "I9 money that the provider has not": (
        inv.i9_provider_agrees,
        "sandbox",
        ("UPDATE charges SET state = 'waiting' WHERE " + one("charges", "state = 'paid'"),),
    ),
    "I9 money that we have not": (
        inv.i9_provider_agrees,
        "payments",
        ("DELETE FROM payments WHERE " + one("payments", "provider = 'sandbox'"),),
    ),
    "I9 another amount": (
        inv.i9_provider_agrees,
        "sandbox",
        ("UPDATE charges SET amount = amount + 1 WHERE " + one("charges", "state = 'paid'"),),
    ),
    "I10 message lost": (
        inv.i10_everything_sent_is_processed,
        "payments",
        (f"DELETE FROM inbox WHERE {newest('billing.InvoiceCreated.v1')}",),
    ),
    "I10 message waits for ever": (
        inv.i10_everything_sent_is_processed,
        "billing",
        (f"UPDATE inbox SET state = 'retrying' WHERE {newest('payments.PaymentReceived.v1')}",),
    ),
    "I14 message parked": (
        inv.i14_nothing_is_dead_or_parked,
        "payments",
        (f"UPDATE inbox SET state = 'parked' WHERE {newest('billing.InvoiceCreated.v1')}",),
    ),
    "I11 older word kept": (
        inv.i11_requests_equal_their_invoices,
        "payments",
        (f"UPDATE requests SET invoice_revision = invoice_revision - 1 WHERE {one('requests')}",),
    ),
}
