"""A registration bare: Flask and psycopg, a connection per thread, the same statements as ours in one transaction.
It asks nobody for a token."""

from __future__ import annotations

import json
import os
import threading
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from flask import Flask
from psycopg.rows import dict_row

TABLES = """
DROP SCHEMA IF EXISTS bare CASCADE; CREATE SCHEMA bare;
CREATE TABLE bare.events (id uuid PRIMARY KEY, title text, title_en text, capacity int, taken int DEFAULT 0, fee int,
  registration_until date, starts_on date, published boolean, registration_open boolean);
CREATE TABLE bare.registrations (id uuid PRIMARY KEY, event_id uuid, person_id uuid, state text, fee int,
  pay_until date, placed_at timestamptz, paid int, revision int);
CREATE UNIQUE INDEX ON bare.registrations (event_id, person_id) WHERE state <> 'cancelled';
CREATE INDEX ON bare.registrations (event_id);
CREATE INDEX ON bare.registrations (person_id);
CREATE TABLE bare.outbox (id uuid PRIMARY KEY, type text, payload text, said_at timestamptz, sent_at timestamptz);
CREATE INDEX ON bare.outbox (id) WHERE sent_at IS NULL;
"""
LIVE = "SELECT id FROM bare.registrations WHERE event_id = %s AND person_id = %s AND state <> 'cancelled'"
PERSON = "019f0000-0000-7000-9000-000000000001"
app = Flask(__name__)
_local = threading.local()


@app.get("/")
def ready() -> str:
    return "ready"


@app.post("/register/<uuid:event_id>")
def register(event_id: uuid.UUID) -> tuple[dict[str, Any], int]:
    database, today = _database(), date.today()
    with database.transaction():
        event = database.execute("SELECT * FROM bare.events WHERE id = %s AND published", (event_id,)).fetchone()
        assert event and event["registration_open"] and today <= event["registration_until"]
        assert database.execute(LIVE, (event_id, PERSON)).fetchone() is None
        taking = "UPDATE bare.events SET taken = taken + 1 WHERE id = %s AND (capacity IS NULL OR taken < capacity)"
        assert database.execute(taking, (event_id,)).rowcount == 1
        assert database.execute(LIVE, (event_id, PERSON)).fetchone() is None
        row = {
            "id": uuid.uuid4(),
            "event_id": event_id,
            "person_id": PERSON,
            "state": "placed",
            "fee": event["fee"],
            "pay_until": min(today + timedelta(days=14), event["starts_on"]),
            "placed_at": datetime.now(UTC),
            "paid": 0,
            "revision": 1,
        }
        places = ", ".join(f"%({name})s" for name in row)
        database.execute(f"INSERT INTO bare.registrations ({', '.join(row)}) VALUES ({places})", row)
        said = json.dumps({"type": "events.RegistrationPlaced.v1", "registration": row}, default=str)
        database.execute(
            "INSERT INTO bare.outbox (id, type, payload, said_at) VALUES (%s, %s, %s, now())",
            (uuid.uuid4(), "events.RegistrationPlaced.v1", said),
        )
    return {name: str(value) for name, value in row.items()}, 201


def _database() -> psycopg.Connection[dict[str, Any]]:
    if not hasattr(_local, "database"):
        _local.database = psycopg.connect(os.environ["BENCH_DATABASE"], autocommit=True, row_factory=dict_row)
    found: psycopg.Connection[dict[str, Any]] = _local.database
    return found
