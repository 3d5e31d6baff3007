"""People who turned out to be one person"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.migrations import beside_the_work, index_beside_the_work

revision = "kit_0005"
down_revision = "kit_0004"
branch_labels = None
depends_on = None

INDEX = "ix_people_merged_into"
ON = "people (merged_into) WHERE merged_into IS NOT NULL"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        op.add_column("people", sa.Column("merged_into", sa.Uuid(as_uuid=False), nullable=True))
        op.execute(f"CREATE INDEX {INDEX} ON {ON}")
        return
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE people ADD COLUMN IF NOT EXISTS merged_into UUID")
    with beside_the_work():
        index_beside_the_work(INDEX, ON)


def downgrade() -> None:
    op.drop_index(INDEX, "people")
    op.drop_column("people", "merged_into")
