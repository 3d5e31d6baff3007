"""The second step of a login"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "members_0009"
down_revision = "members_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_second_factors_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factors")),
    )
    with op.batch_alter_table("second_factors", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_second_factors_society_id"), ["society_id"], unique=False)

    op.create_table(
        "spare_codes",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_spare_codes_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spare_codes")),
        sa.UniqueConstraint("digest", name=op.f("uq_spare_codes_digest")),
    )
    with op.batch_alter_table("spare_codes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spare_codes_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_spare_codes_society_id"), ["society_id"], unique=False)

    op.create_table(
        "half_logins",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("verified", sa.String(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_half_logins_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_half_logins")),
        sa.UniqueConstraint("secret", name=op.f("uq_half_logins_secret")),
    )
    with op.batch_alter_table("half_logins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_half_logins_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_half_logins_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_half_logins_society_id"), ["society_id"], unique=False)

    op.create_table(
        "login_policies",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("staff_need_second_factor", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("society_id", name=op.f("pk_login_policies")),
    )
    isolate("second_factors", "spare_codes", "half_logins", "login_policies")


def downgrade() -> None:
    for table in ("login_policies", "half_logins", "spare_codes", "second_factors"):
        op.drop_table(table)
