"""Requests of members"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "members_0005"
down_revision = "members_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member_requests",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["members.id"], name=op.f("fk_member_requests_person_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_requests")),
    )
    with op.batch_alter_table("member_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_requests_society_id"), ["society_id"], unique=False)
        batch_op.create_index("ix_member_requests_person_id", ["person_id"], unique=False)
        batch_op.create_index("ix_member_requests_society_id_state", ["society_id", "state"], unique=False)
        batch_op.create_index(
            "uq_member_requests_waiting",
            ["person_id", "kind"],
            unique=True,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )

    isolate("member_requests")


def downgrade() -> None:
    op.drop_table("member_requests")
