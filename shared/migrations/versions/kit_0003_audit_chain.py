"""The audit trail is chained, and the database refuses to change it"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import beside_the_work, index_beside_the_work, isolate, keep

revision = "kit_0003"
down_revision = "kit_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _index_beside_the_work()
    op.create_table(
        "audit_chain",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("society_id", "number", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_chain_entry_id")),
    )
    op.create_table(
        "audit_checks",
        sa.Column("society", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.Column("checked_to", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("anchored_to", sa.BigInteger(), nullable=False),
        sa.Column("anchored_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("society", name=op.f("pk_audit_checks")),
    )
    isolate("audit_chain")
    keep("audit", "audit_chain")


def _index_beside_the_work() -> None:
    """Nearly every transaction writes into the trail: none of them waits. The new index begins like the old one."""
    if op.get_bind().dialect.name != "postgresql":
        op.create_index("ix_audit_society_id_id", "audit", ["society_id", "id"])
        op.drop_index("ix_audit_society_id", "audit")
        return
    with beside_the_work():
        index_beside_the_work("ix_audit_society_id_id", "audit (society_id, id)")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_audit_society_id")


def downgrade() -> None:
    keep("audit", "audit_chain", kept=False)
    op.create_index("ix_audit_society_id", "audit", ["society_id"])
    op.drop_index("ix_audit_society_id_id", "audit")
    op.drop_table("audit_checks")
    op.drop_table("audit_chain")
