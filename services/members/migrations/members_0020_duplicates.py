"""Pairs who may be one person, and members who were merged into others"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import beside_the_work, index_beside_the_work, isolate

revision = "members_0020"
down_revision = "members_0019"
branch_labels = None
depends_on = None

INDEX = "ix_members_merged_into"
ON = "members (merged_into) WHERE merged_into IS NOT NULL"
REFERENCE = "fk_members_merged_into_members"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _extend_beside_the_work()
    else:
        op.execute(
            f"ALTER TABLE members ADD COLUMN merged_into CHAR(32) CONSTRAINT {REFERENCE} REFERENCES members (id)"
        )
        op.execute(f"CREATE INDEX {INDEX} ON {ON}")
    op.create_table(
        "duplicates",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("first_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("second_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["first_id"], ["members.id"], name=op.f("fk_duplicates_first_id_members")),
        sa.ForeignKeyConstraint(["second_id"], ["members.id"], name=op.f("fk_duplicates_second_id_members")),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_duplicates")),
    )
    with op.batch_alter_table("duplicates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duplicates_society_id"), ["society_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_duplicates_second_id"), ["second_id"], unique=False)
        batch_op.create_index("ix_duplicates_society_id_state", ["society_id", "state", "score"], unique=False)
    isolate("duplicates")


def _extend_beside_the_work() -> None:
    """A second try goes on where the first one was stopped."""
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE members ADD COLUMN IF NOT EXISTS merged_into UUID")
        known = sa.text("SELECT 1 FROM pg_constraint WHERE conname = :name")
        if not op.get_bind().execute(known, {"name": REFERENCE}).first():
            op.execute(
                f"ALTER TABLE members ADD CONSTRAINT {REFERENCE}"
                " FOREIGN KEY (merged_into) REFERENCES members (id) NOT VALID"
            )
    with beside_the_work():
        op.execute(f"ALTER TABLE members VALIDATE CONSTRAINT {REFERENCE}")
        index_beside_the_work(INDEX, ON)


def downgrade() -> None:
    op.drop_table("duplicates")
    op.drop_index(INDEX, "members")
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.drop_column("merged_into")
