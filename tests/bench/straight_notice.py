"""The notice's route bare: Flask, HMAC, SQLAlchemy Core, one commit. `/all` writes the rows that ours writes and takes
the same locks; `/two` only the notice and one outbox row."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
import uuid
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, request
from sqlalchemy.dialects.postgresql import insert

TABLES = """
DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;
CREATE TABLE bare.notices (id uuid PRIMARY KEY, event_id text UNIQUE, kind text, reference text, body text,
  state text, received_at timestamptz);
CREATE TABLE bare.outbox (id uuid PRIMARY KEY, type text, payload text, said_at timestamptz, sent_at timestamptz);
CREATE INDEX ON bare.outbox (id) WHERE sent_at IS NULL;
CREATE TABLE bare.requests (id uuid PRIMARY KEY, due int, state text);
CREATE TABLE bare.attempts (id uuid PRIMARY KEY, request_id uuid, reference text UNIQUE, amount int, state text,
  ended_at timestamptz);
CREATE TABLE bare.payments (id uuid PRIMARY KEY, request_id uuid, attempt_id uuid, reference text UNIQUE, amount int,
  received_at timestamptz);
CREATE INDEX ON bare.payments (request_id);
CREATE TABLE bare.entries (id uuid PRIMARY KEY, kind text, subject text, payment_id uuid, booked_at timestamptz);
CREATE INDEX ON bare.entries (payment_id);
CREATE TABLE bare.postings (id uuid PRIMARY KEY, entry_id uuid, debit text, credit text, amount int);
CREATE INDEX ON bare.postings (entry_id);
"""
metadata = sa.MetaData(schema="bare")
app = Flask(__name__)


def _table(name: str, *columns: str) -> sa.Table:
    return sa.Table(name, metadata, *(sa.Column(column, _TYPES.get(column)) for column in columns))


_uuid = sa.Uuid(as_uuid=False)
_TYPES: dict[str, Any] = dict.fromkeys(("id", "request_id", "attempt_id", "payment_id", "entry_id"), _uuid)
_notices = _table("notices", "id", "event_id", "kind", "reference", "body", "state", "received_at")
_outbox = _table("outbox", "id", "type", "payload", "said_at")
_requests = _table("requests", "id", "due", "state")
_attempts = _table("attempts", "id", "request_id", "reference", "amount", "state", "ended_at")
_payments = _table("payments", "id", "request_id", "attempt_id", "reference", "amount", "received_at")
_entries = _table("entries", "id", "kind", "subject", "payment_id", "booked_at")
_postings = _table("postings", "id", "entry_id", "debit", "credit", "amount")
_engine = (
    sa.create_engine(os.environ["BENCH_DATABASE"].replace("postgresql:", "postgresql+psycopg:"), pool_size=10)
    if "BENCH_DATABASE" in os.environ
    else None
)


@app.get("/")
def ready() -> str:
    return "ready"


@app.post("/two")
def two() -> dict[str, str]:
    body, notice = _verified()
    with _begin() as database:
        if _store(database, body, notice):
            _say(database, notice["charge"])
    return {"state": "applied"}


@app.post("/all")
def all_rows() -> dict[str, str]:
    body, notice = _verified()
    charge, now = notice["charge"], datetime.now(UTC)
    with _begin() as database:
        if not _store(database, body, notice):
            return {"state": "ignored"}
        of_attempt = sa.select(_attempts.c.request_id).where(_attempts.c.reference == charge["id"]).scalar_subquery()
        asked = database.execute(sa.select(_requests).where(_requests.c.id == of_attempt).with_for_update()).one()
        attempt = database.execute(
            sa.select(_attempts).where(_attempts.c.reference == charge["id"]).with_for_update()
        ).one()
        assert attempt.amount == charge["amount"] and attempt.state == "waiting" and asked.state == "open"
        database.execute(sa.update(_attempts).where(_attempts.c.id == attempt.id).values(state="paid", ended_at=now))
        database.execute(sa.update(_requests).where(_requests.c.id == asked.id).values(due=0, state="paid"))
        payment, entry = _new_id(), _new_id()
        database.execute(
            sa.insert(_payments).values(
                id=payment,
                request_id=asked.id,
                attempt_id=attempt.id,
                reference=charge["id"],
                amount=charge["amount"],
                received_at=now,
            )
        )
        database.execute(
            sa.insert(_entries).values(
                id=entry, kind="payment", subject=f"payment/{payment}", payment_id=payment, booked_at=now
            )
        )
        database.execute(
            sa.insert(_postings).values(
                id=_new_id(), entry_id=entry, debit="clearing:konbini", credit="payers", amount=charge["amount"]
            )
        )
        _say(database, charge)
        database.execute(sa.update(_notices).where(_notices.c.event_id == notice["id"]).values(state="applied"))
    return {"state": "applied"}


def _begin() -> Any:
    assert _engine is not None
    return _engine.begin()


def _verified() -> tuple[str, dict[str, Any]]:
    body = request.get_data()
    parts = dict(part.partition("=")[::2] for part in request.headers["Sandbox-Signature"].split(","))
    good = hmac.new(os.environ["BENCH_SECRET"].encode(), f"{parts['t']}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(good, parts["v1"]) and abs(time.time() - int(parts["t"])) < 300
    return body.decode(), json.loads(body)


def _store(database: sa.Connection, body: str, notice: dict[str, Any]) -> bool:
    statement = insert(_notices).values(
        id=_new_id(),
        event_id=notice["id"],
        kind=notice["type"],
        reference=notice["charge"]["id"],
        body=body,
        state="waiting",
        received_at=datetime.now(UTC),
    )
    return bool(database.execute(statement.on_conflict_do_nothing(index_elements=["event_id"])).rowcount)


def _say(database: sa.Connection, charge: dict[str, Any]) -> None:
    payload = json.dumps({"type": "payments.PaymentReceived.v1", "payment": charge})
    values = {"id": _new_id(), "type": "payments.PaymentReceived.v1", "payload": payload, "said_at": datetime.now(UTC)}
    database.execute(sa.insert(_outbox).values(**values))


def _new_id() -> str:
    return str(uuid.uuid4())
