"""Codes of membership cards, certificates, and what the society says of both"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "members_0011"
down_revision = "members_0010"
branch_labels = None
depends_on = None

IN_FORCE = sa.text("ended_at IS NULL AND certificate_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "card_settings",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("signatory", sa.String(), nullable=False),
        sa.Column("signatory_en", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("society_id", name=op.f("pk_card_settings")),
    )
    op.create_table(
        "certificates",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("issued_by", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["members.id"], name=op.f("fk_certificates_person_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificates")),
        sa.UniqueConstraint("society_id", "number", name=op.f("uq_certificates_society_id_number")),
    )
    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.create_index("ix_certificates_person_id", ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_certificates_society_id"), ["society_id"], unique=False)

    op.create_table(
        "verification_codes",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("certificate_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificates.id"], name=op.f("fk_verification_codes_certificate_id_certificates")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["members.id"], name=op.f("fk_verification_codes_person_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_codes")),
        sa.UniqueConstraint("secret", name=op.f("uq_verification_codes_secret")),
    )
    with op.batch_alter_table("verification_codes", schema=None) as batch_op:
        batch_op.create_index("ix_verification_codes_person_id", ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_verification_codes_society_id"), ["society_id"], unique=False)
        batch_op.create_index(
            "uq_verification_codes_in_force",
            ["person_id"],
            unique=True,
            postgresql_where=IN_FORCE,
            sqlite_where=IN_FORCE,
        )

    isolate("card_settings", "certificates", "verification_codes")


def downgrade() -> None:
    op.drop_table("verification_codes")
    op.drop_table("certificates")
    op.drop_table("card_settings")
