"""Is anything left of somebody? Every column of every table of a service's database is read, whatever it is for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from shared.service import RunningService

# where something of an erased person may still stand in every service, and why
KEPT_BY_KIT = {
    "audit.actor_name": "who did what: evidence (APPI art. 23), for administrators only",
    "audit.before": "what was changed: evidence, sealed in a chain; for administrators only",
    "audit.after": "likewise",
    "outbox.payload": "what was said before: seven days, for neighbours that must be restored",
}


def places(running: RunningService, canaries: Sequence[str]) -> set[str]:
    """`table.column` of all that holds one of these texts, as it stands or escaped in JSON. Of a SQLite database."""
    needles = {each for text in canaries for each in (text, json.dumps(text)[1:-1])}
    found = set()
    with closing(sqlite3.connect(running.settings.database.removeprefix("sqlite:///"))) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = database.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in rows.description]
            for row in rows:
                found |= {f"{table}.{name}" for name, value in zip(names, row, strict=True) if _holds(value, needles)}
    return found


def _holds(value: Any, needles: set[str]) -> bool:
    if isinstance(value, bytes):
        return any(each.encode(codec, "ignore") in value for each in needles for codec in ("utf-8", "cp932"))
    return isinstance(value, str) and any(each in value for each in needles)
