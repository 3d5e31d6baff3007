"""How long people who have left are kept, who is held back from being erased, and who was erased"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "members_0018"
down_revision = "members_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_keeping",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("years_before", sa.Integer(), nullable=False),
        sa.Column("counts_from", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("society_id", name=op.f("pk_person_keeping")),
    )
    op.create_table(
        "erasure_holds",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_at", UtcDateTime(), nullable=False),
        sa.Column("held_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["members.id"], name=op.f("fk_erasure_holds_person_id_members")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_erasure_holds")),
    )
    op.create_index(op.f("ix_erasure_holds_society_id"), "erasure_holds", ["society_id"])
    op.create_table(
        "erasures",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("erased_on", sa.Date(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("erased_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["members.id"], name=op.f("fk_erasures_person_id_members")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_society_id"), "erasures", ["society_id"])
    op.create_index("ix_erasures_society_id_erased_on", "erasures", ["society_id", "erased_on"])
    _give_notice()
    isolate("person_keeping", "erasure_holds", "erasures")


def _give_notice() -> None:
    """Societies that are there already see for thirty days who is to be erased, before the first are."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    counts_from = "CURRENT_DATE + 30" if postgresql else "date('now', '+30 days')"
    op.execute(
        "INSERT INTO person_keeping (society_id, years, years_before, counts_from)"
        f" SELECT id, 3, 99, {counts_from} FROM societies"
    )


def downgrade() -> None:
    for table in ("erasures", "erasure_holds", "person_keeping"):
        op.drop_table(table)
