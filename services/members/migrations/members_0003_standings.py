"""Standings with dates, chosen lists, and the numbers that were ever used"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "members_0003"
down_revision = "members_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "standings",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("in_force_at", UtcDateTime(), nullable=True),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_standings_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standings")),
        sa.UniqueConstraint("member_id", "starts_on", name=op.f("uq_standings_member_id_starts_on")),
    )
    with op.batch_alter_table("standings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_standings_society_id"), ["society_id"], unique=False)
        batch_op.create_index(
            "ix_standings_scheduled",
            ["society_id", "starts_on"],
            unique=False,
            postgresql_where=sa.text("in_force_at IS NULL"),
            sqlite_where=sa.text("in_force_at IS NULL"),
        )

    op.create_table(
        "selections",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_selections")),
    )
    with op.batch_alter_table("selections", schema=None) as batch_op:
        batch_op.create_index("ix_selections_made_at", ["made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_selections_society_id"), ["society_id"], unique=False)

    op.create_table(
        "selected_members",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("selection_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_selected_members_member_id_members")),
        sa.ForeignKeyConstraint(
            ["selection_id"], ["selections.id"], name=op.f("fk_selected_members_selection_id_selections")
        ),
        sa.PrimaryKeyConstraint("selection_id", "ordinal", name=op.f("pk_selected_members")),
        sa.UniqueConstraint("selection_id", "member_id", name=op.f("uq_selected_members_selection_id_member_id")),
    )
    with op.batch_alter_table("selected_members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_selected_members_society_id"), ["society_id"], unique=False)

    op.create_table(
        "member_numbers",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_numbers_member_id_members")),
        sa.PrimaryKeyConstraint("society_id", "number", name=op.f("pk_member_numbers")),
    )
    with op.batch_alter_table("member_numbers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_member_numbers_member_id"), ["member_id"], unique=False)
    with op.batch_alter_table("categories", schema=None) as batch_op:
        batch_op.add_column(sa.Column("number_prefix", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("number_width", sa.Integer(), server_default="0", nullable=False))

    isolate("standings", "selections", "selected_members", "member_numbers")


def downgrade() -> None:
    with op.batch_alter_table("categories", schema=None) as batch_op:
        batch_op.drop_column("number_width")
        batch_op.drop_column("number_prefix")
    for table in ("member_numbers", "selected_members", "selections", "standings"):
        op.drop_table(table)
