"""First tables: letters, notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "notifications_0001"
down_revision = None
branch_labels = ("notifications",)
depends_on = "kit_0001"


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_society_id"), "notes", ["society_id"])
    op.create_table(
        "letters",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("invoice_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("bulk", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("doubtful", sa.Boolean(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("delivery", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
        sa.UniqueConstraint("society_id", "cause", name=op.f("uq_letters_society_id_cause")),
    )
    op.create_index(op.f("ix_letters_society_id"), "letters", ["society_id"])
    unfinished = sa.text("state IN ('queued', 'retrying', 'sending')")
    op.create_index(
        "ix_letters_due",
        "letters",
        ["society_id", "bulk", "next_try_at", "id"],
        postgresql_where=unfinished,
        sqlite_where=unfinished,
    )
    isolate("letters", "notes")


def downgrade() -> None:
    op.drop_table("letters")
    op.drop_table("notes")
