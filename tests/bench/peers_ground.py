"""The one task that every peer runs: an id that is kept once and a row, committed. Settings come by the environment."""

from __future__ import annotations

import os
import threading

import psycopg

TABLES = """
DROP SCHEMA IF EXISTS peers CASCADE; CREATE SCHEMA peers;
CREATE TABLE peers.seen (id uuid PRIMARY KEY);
CREATE TABLE peers.notes (id uuid PRIMARY KEY, invoice uuid, title text, at timestamptz DEFAULT clock_timestamp());
"""
KEEP = """WITH fresh AS (INSERT INTO peers.seen VALUES (%(id)s) ON CONFLICT DO NOTHING RETURNING id)
INSERT INTO peers.notes (id, invoice, title) SELECT id, %(invoice)s, %(title)s FROM fresh"""
QUEUE = "peers"
_local = threading.local()


def broker_url() -> str:
    return os.environ["BENCH_BROKER"]


def keep(id: str, invoice: str, title: str, padding: str) -> None:
    """Dedupe and one row in one statement and one commit, on the thread's own connection."""
    if not hasattr(_local, "database"):
        _local.database = psycopg.connect(os.environ["BENCH_DATABASE"], autocommit=True)
    _local.database.execute(KEEP, {"id": id, "invoice": invoice, "title": title})
