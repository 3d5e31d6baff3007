"""What each row of a roster changes, by field, and how many rows change which"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "members_0015"
down_revision = "members_0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("staged_members", schema=None) as batch_op:
        batch_op.add_column(sa.Column("differs", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("rosters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("differing", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("rosters", schema=None) as batch_op:
        batch_op.drop_column("differing")
    with op.batch_alter_table("staged_members", schema=None) as batch_op:
        batch_op.drop_column("differs")
