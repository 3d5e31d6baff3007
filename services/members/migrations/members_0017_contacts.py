"""Contacts of corporate members, and whether they have a My Page"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.migrations import isolate

revision = "members_0017"
down_revision = "members_0016"
branch_labels = None
depends_on = None

IS_MAIN = sa.text("main")


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("corporation_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("duty", sa.String(), nullable=False),
        sa.Column("main", sa.Boolean(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["corporation_id"], ["members.id"], name=op.f("fk_contacts_corporation_id_members")),
        sa.ForeignKeyConstraint(["id"], ["members.id"], name=op.f("fk_contacts_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_corporation_id"), ["corporation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_contacts_society_id"), ["society_id"], unique=False)
        batch_op.create_index("ix_contacts_society_id_ends_on", ["society_id", "ends_on"], unique=False)
        batch_op.create_index(
            "uq_contacts_main", ["corporation_id"], unique=True, postgresql_where=IS_MAIN, sqlite_where=IS_MAIN
        )

    op.create_table(
        "corporate_settings",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("my_page", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("society_id", name=op.f("pk_corporate_settings")),
    )

    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("letters_to", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("contact_words", sa.Text(), server_default="", nullable=False))

    isolate("contacts", "corporate_settings")


def downgrade() -> None:
    with op.batch_alter_table("members", schema=None) as batch_op:
        for column in ("contact_words", "letters_to"):
            batch_op.drop_column(column)
    for table in ("corporate_settings", "contacts"):
        op.drop_table(table)
