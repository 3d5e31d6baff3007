"""The same note bare: Flask, PyJWT and psycopg with a connection per thread; the same tables by the same role, behind
the same wall between societies: token, ended session, note, message."""

from __future__ import annotations

import json
import os
import threading
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt
import psycopg
from flask import Flask, abort, request

ENDED = "SELECT 1 FROM ended_sessions WHERE session_id = %s"
NOTE = "INSERT INTO notes (society_id, id, invoice, payer, title) VALUES (%s, %s, %s, %s, %s)"
SAY = """INSERT INTO outbox (id, type, society, payload, bulk, correlation, said_at)
         VALUES (%s, %s, %s, %s, false, %s, %s) RETURNING pg_notify('outbox', '')"""
SAID = "notifications.LetterBounced.v1"
app = Flask(__name__)
_local = threading.local()


@app.get("/")
def ready() -> str:
    return "ready"


@app.post("/notes")
def note() -> tuple[dict[str, Any], int]:
    who = _claims((request.authorization or abort(401)).token or "")
    database, given = _database(), request.get_json()
    if database.execute(ENDED, (who["sid"],)).fetchone():
        abort(401)
    if any(not isinstance(given.get(name), str) for name in ("invoice", "payer", "title")):
        abort(422)
    id, message, now = str(uuid.uuid4()), str(uuid.uuid4()), datetime.now(UTC)
    said = {"type": SAID, "letter_id": id, "person_id": given["payer"], "code": "5.1.1", "bounced_at": now.isoformat()}
    with database.transaction():
        database.execute("SELECT set_config('tsudoi.society', %s, true)", (who["soc"],))
        database.execute(NOTE, (who["soc"], id, given["invoice"], given["payer"], given["title"]))
        database.execute(SAY, (message, SAID, who["soc"], json.dumps(said), message, now))
    return {"id": id, **given}, 201


@lru_cache
def _claims(token: str) -> dict[str, Any]:
    """Checked once, as ours does."""
    key = Path(os.environ["BENCH_KEY"]).read_bytes()
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=["EdDSA"], audience="tsudoi")
    return claims


def _database() -> psycopg.Connection:
    if not hasattr(_local, "database"):
        _local.database = psycopg.connect(os.environ["BENCH_DATABASE"], autocommit=True)
    found: psycopg.Connection = _local.database
    return found
