"""Announcements"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "members_0010"
down_revision = "members_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "announcements",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("shown_from", sa.Date(), nullable=True),
        sa.Column("shown_until", sa.Date(), nullable=True),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("standings", sa.JSON(), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    with op.batch_alter_table("announcements", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_announcements_society_id"), ["society_id"], unique=False)
        batch_op.create_index("ix_announcements_society_id_ordinal", ["society_id", "ordinal"], unique=False)

    op.create_table(
        "announcement_reads",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("announcement_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcements.id"], name=op.f("fk_announcement_reads_announcement_id_announcements")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["members.id"], name=op.f("fk_announcement_reads_person_id_members")),
        sa.PrimaryKeyConstraint("announcement_id", "person_id", name=op.f("pk_announcement_reads")),
    )
    with op.batch_alter_table("announcement_reads", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_announcement_reads_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_announcement_reads_society_id"), ["society_id"], unique=False)

    op.create_table(
        "attachments",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("announcement_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id"], ["announcements.id"], name=op.f("fk_attachments_announcement_id_announcements")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachments_announcement_id"), ["announcement_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attachments_society_id"), ["society_id"], unique=False)

    op.create_table(
        "attachment_parts",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("attachment_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachments.id"], name=op.f("fk_attachment_parts_attachment_id_attachments")
        ),
        sa.PrimaryKeyConstraint("attachment_id", "ordinal", name=op.f("pk_attachment_parts")),
    )
    with op.batch_alter_table("attachment_parts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachment_parts_society_id"), ["society_id"], unique=False)

    isolate("announcements", "attachments", "attachment_parts", "announcement_reads")


def downgrade() -> None:
    for table in ("announcement_reads", "attachment_parts", "attachments", "announcements"):
        op.drop_table(table)
