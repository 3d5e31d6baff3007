"""People who turned out to be one person"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.migrations import LOCK_TIMEOUT

revision = "kit_0005"
down_revision = "kit_0004"
branch_labels = None
depends_on = None

INDEX = "ix_people_merged_into ON people (merged_into) WHERE merged_into IS NOT NULL"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        op.add_column("people", sa.Column("merged_into", sa.Uuid(as_uuid=False), nullable=True))
        op.execute(f"CREATE INDEX {INDEX}")
        return
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE people ADD COLUMN IF NOT EXISTS merged_into UUID")
        op.execute("SET lock_timeout = 0")  # it waits for others, and nobody waits behind it
        half_made = "SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('ix_people_merged_into') AND NOT indisvalid"
        if op.get_bind().execute(sa.text(half_made)).first():
            op.execute("DROP INDEX CONCURRENTLY ix_people_merged_into")
        op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {INDEX}")
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def downgrade() -> None:
    op.drop_index("ix_people_merged_into", "people")
    op.drop_column("people", "merged_into")
