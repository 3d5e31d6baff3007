"""Run by Alembic for one service's database (offline mode is not supported: some migrations look at the dialect)."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import text

from shared import (  # noqa: F401  (their tables belong to the kit's metadata)
    audit,
    jobs,
    outbox,
    people,
)
from shared.bus import inbox, ticks  # noqa: F401
from shared.db import KitBase, UtcDateTime
from shared.migrations import LOCK_TIMEOUT, engine_for_migration

service = context.config.attributes["service"]


def render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column type by the name that the template imports."""
    return "UtcDateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


engine = engine_for_migration(context.config.attributes["url"])

with engine.connect() as connection:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text("SET statement_timeout = 0"))  # an index over millions of rows takes its time
        connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=[KitBase.metadata, service.metadata],
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
        compare_type=True,
        render_item=render,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
engine.dispose()
