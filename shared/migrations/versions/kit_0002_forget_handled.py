"""What was handled long ago is found without reading the whole inbox"""

from __future__ import annotations

from alembic import op

revision = "kit_0002"
down_revision = "kit_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # rows come in the order of this column: block ranges are enough, and cost an insert nothing
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"], postgresql_using="brin")


def downgrade() -> None:
    op.drop_index("ix_inbox_handled_at", "inbox")
