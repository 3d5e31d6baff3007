"""History records of members, their kinds, and files of them on their way in"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.migrations import isolate

revision = "members_0012"
down_revision = "members_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_kinds",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_kinds")),
        sa.UniqueConstraint("society_id", "name", name=op.f("uq_record_kinds_society_id_name")),
    )
    with op.batch_alter_table("record_kinds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_record_kinds_society_id"), ["society_id"], unique=False)

    op.create_table(
        "records",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("registered_by", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["kind_id"], ["record_kinds.id"], name=op.f("fk_records_kind_id_record_kinds")),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_records_member_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
        sa.UniqueConstraint(
            "member_id",
            "kind_id",
            "starts_on",
            "ends_on",
            "title",
            name=op.f("uq_records_member_id_kind_id_starts_on_ends_on_title"),
        ),
    )
    with op.batch_alter_table("records", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_records_kind_id"), ["kind_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_records_society_id"), ["society_id"], unique=False)
        batch_op.create_index("ix_records_society_id_registered_on", ["society_id", "registered_on"], unique=False)
        batch_op.create_index("ix_records_society_id_starts_on", ["society_id", "starts_on"], unique=False)

    op.create_table(
        "record_keeping",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("years_before", sa.Integer(), nullable=False),
        sa.Column("counts_from", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("society_id", name=op.f("pk_record_keeping")),
    )

    op.create_table(
        "staged_records",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("roster_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("record_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("base_revision", sa.Integer(), nullable=True),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("kind_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("title_en", sa.String(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("public", sa.Boolean(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("search", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["roster_id"], ["rosters.id"], name=op.f("fk_staged_records_roster_id_rosters")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staged_records")),
        sa.UniqueConstraint("roster_id", "row", name=op.f("uq_staged_records_roster_id_row")),
    )
    with op.batch_alter_table("staged_records", schema=None) as batch_op:
        batch_op.create_index("ix_staged_records_roster_id_member_id", ["roster_id", "member_id"], unique=False)
        batch_op.create_index("ix_staged_records_roster_id_record_id", ["roster_id", "record_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_staged_records_society_id"), ["society_id"], unique=False)

    with op.batch_alter_table("rosters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("holds", sa.String(), server_default="members", nullable=False))
        batch_op.add_column(sa.Column("mode", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("removed", sa.Integer(), server_default="0", nullable=False))

    isolate("record_kinds", "records", "record_keeping", "staged_records")
    _add_first_kinds()


def _add_first_kinds() -> None:
    """The societies that are there get what a new one begins with."""
    id = "gen_random_uuid()" if op.get_bind().dialect.name == "postgresql" else "lower(hex(randomblob(16)))"
    for ordinal, (name, name_en) in enumerate(
        (("イベント参加", "Event attendance"), ("受賞", "Award"), ("役職", "Post")), start=1
    ):
        op.execute(
            "INSERT INTO record_kinds (society_id, id, name, name_en, ordinal)"
            f" SELECT id, {id}, '{name}', '{name_en}', {ordinal} FROM societies"
        )


def downgrade() -> None:
    with op.batch_alter_table("rosters", schema=None) as batch_op:
        for column in ("removed", "mode", "holds"):
            batch_op.drop_column(column)
    for table in ("staged_records", "record_keeping", "records", "record_kinds"):
        op.drop_table(table)
