"""Fields that a society defines, and what lets members be found quickly by what they chose there

The index comes first, without a lock that anybody would feel; a second try goes on where the first one was stopped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import beside_the_work, index_beside_the_work, isolate, only_read

revision = "members_0016"
down_revision = "members_0015"
branch_labels = None
depends_on = None

INDEX = "ix_members_custom"
ON = "members USING gin ((CAST(custom AS jsonb)) jsonb_path_ops)"
SEARCHED = (
    "society_id, id, kind, search, number, kana, category, standing, joined_on, leaves_on, language, email,"
    " address_dead_at, postcode, address"
)
# what jsonb does not take, and nobody ever meant to write
WITHOUT_NUL = r"""
UPDATE members SET custom = CAST(replace(CAST(custom AS text), '\u0000', '') AS json)
WHERE strpos(CAST(custom AS text), '\u0000') > 0
"""
OF_THE_SOCIETY = "society_id = CAST(NULLIF(current_setting('tsudoi.society', true), '') AS uuid)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _index_beside_the_work()
        # what was there keeps its place and its rights, so that an older release goes on reading it
        op.execute(
            f"CREATE OR REPLACE VIEW searched_members AS SELECT {SEARCHED}, custom FROM members WHERE {OF_THE_SOCIETY}"
        )
    op.create_table(
        "custom_fields",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("label_en", sa.String(), nullable=False),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("hint_en", sa.String(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("least", sa.String(), nullable=False),
        sa.Column("most", sa.String(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("in_application", sa.Boolean(), nullable=False),
        sa.Column("for_member", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_fields")),
        sa.UniqueConstraint("society_id", "key", name=op.f("uq_custom_fields_society_id_key")),
    )
    with op.batch_alter_table("custom_fields", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_custom_fields_society_id"), ["society_id"], unique=False)
    isolate("custom_fields")


def _index_beside_the_work() -> None:
    with beside_the_work():
        op.execute(WITHOUT_NUL)
        index_beside_the_work(INDEX, ON)
        op.execute("ANALYZE members")  # only now is anything known of what the index holds


def downgrade() -> None:
    op.drop_table("custom_fields")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP VIEW searched_members")
        op.execute(f"CREATE VIEW searched_members AS SELECT {SEARCHED} FROM members WHERE {OF_THE_SOCIETY}")
        only_read("searched_members")
        op.execute(f"DROP INDEX {INDEX}")
