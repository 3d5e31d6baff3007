"""Letters are found by their recipient: when somebody is erased, for one, without reading all others"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.migrations import LOCK_TIMEOUT

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None

INDEX = "ix_letters_person_id"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(INDEX, "letters", ["person_id"])
        return
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # it waits for others, and nobody waits behind it
        half_made = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid"
        if op.get_bind().execute(sa.text(half_made), {"name": INDEX}).first():
            op.execute(f"DROP INDEX CONCURRENTLY {INDEX}")
        op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {INDEX} ON letters (person_id)")
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def downgrade() -> None:
    op.execute(f"DROP INDEX {INDEX}")
