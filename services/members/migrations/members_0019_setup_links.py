"""Links to set up a society that operators have made"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "members_0019"
down_revision = "members_0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("setup_links", sa.Column("for_society", sa.Uuid(as_uuid=False), nullable=True))


def downgrade() -> None:
    op.drop_column("setup_links", "for_society")
