"""The history of categories"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "members_0007"
down_revision = "members_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "category_entries",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("in_force_at", UtcDateTime(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_category_entries_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category_entries")),
        sa.UniqueConstraint("member_id", "starts_on", name=op.f("uq_category_entries_member_id_starts_on")),
    )
    with op.batch_alter_table("category_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_category_entries_society_id"), ["society_id"], unique=False)
        batch_op.create_index(
            "ix_category_entries_scheduled",
            ["society_id", "starts_on"],
            unique=False,
            postgresql_where=sa.text("in_force_at IS NULL"),
            sqlite_where=sa.text("in_force_at IS NULL"),
        )
    isolate("category_entries")


def downgrade() -> None:
    op.drop_table("category_entries")
