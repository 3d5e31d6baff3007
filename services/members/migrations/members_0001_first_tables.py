"""First tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "members_0001"
down_revision = None
branch_labels = ("members",)
depends_on = "kit_0001"


def upgrade() -> None:
    op.create_table(
        "categories",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("society_id", "code", name=op.f("uq_categories_society_id_code")),
    )
    with op.batch_alter_table("categories", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_categories_society_id"), ["society_id"], unique=False)

    op.create_table(
        "login_attempts",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
        sa.UniqueConstraint("society_id", "key", name=op.f("uq_login_attempts_society_id_key")),
    )
    with op.batch_alter_table("login_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_attempts_since"), ["since"], unique=False)
        batch_op.create_index(batch_op.f("ix_login_attempts_society_id"), ["society_id"], unique=False)

    op.create_table(
        "members",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("address_dead_at", UtcDateTime(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kana", sa.String(), nullable=False),
        sa.Column("roman", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("leaves_on", sa.Date(), nullable=True),
        sa.Column("affiliation", sa.String(), nullable=False),
        sa.Column("postcode", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("custom", sa.JSON(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("society_id", "email", name=op.f("uq_members_society_id_email")),
        sa.UniqueConstraint("society_id", "number", name=op.f("uq_members_society_id_number")),
    )
    with op.batch_alter_table("members", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_members_society_id"), ["society_id"], unique=False)
        batch_op.create_index("ix_members_society_id_kana", ["society_id", "kana"], unique=False)

    op.create_table(
        "password_requests",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_requests")),
    )
    with op.batch_alter_table("password_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_password_requests_society_id"), ["society_id"], unique=False)

    op.create_table(
        "rosters",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("job_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("same", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("custom", sa.JSON(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rosters")),
    )
    with op.batch_alter_table("rosters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rosters_society_id"), ["society_id"], unique=False)

    op.create_table(
        "setup_links",
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("secret", name=op.f("pk_setup_links")),
    )
    op.create_table(
        "accounts",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("invited_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["members.id"], name=op.f("fk_accounts_person_id_members")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("person_id", name=op.f("uq_accounts_person_id")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_society_id"), ["society_id"], unique=False)

    op.create_table(
        "roster_faults",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("roster_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["roster_id"], ["rosters.id"], name=op.f("fk_roster_faults_roster_id_rosters")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_faults")),
        sa.UniqueConstraint("roster_id", "ordinal", name=op.f("uq_roster_faults_roster_id_ordinal")),
    )
    with op.batch_alter_table("roster_faults", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roster_faults_society_id"), ["society_id"], unique=False)

    op.create_table(
        "roster_parts",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("roster_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["roster_id"], ["rosters.id"], name=op.f("fk_roster_parts_roster_id_rosters")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_parts")),
        sa.UniqueConstraint("roster_id", "ordinal", name=op.f("uq_roster_parts_roster_id_ordinal")),
    )
    with op.batch_alter_table("roster_parts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_roster_parts_society_id"), ["society_id"], unique=False)

    op.create_table(
        "staged_members",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("roster_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("member_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("base_revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kana", sa.String(), nullable=False),
        sa.Column("roman", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("leaves_on", sa.Date(), nullable=True),
        sa.Column("affiliation", sa.String(), nullable=False),
        sa.Column("postcode", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("custom", sa.JSON(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["roster_id"], ["rosters.id"], name=op.f("fk_staged_members_roster_id_rosters")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staged_members")),
        sa.UniqueConstraint("roster_id", "row", name=op.f("uq_staged_members_roster_id_row")),
    )
    with op.batch_alter_table("staged_members", schema=None) as batch_op:
        batch_op.create_index("ix_staged_members_roster_id_email", ["roster_id", "email"], unique=False)
        batch_op.create_index("ix_staged_members_roster_id_number", ["roster_id", "number"], unique=False)
        batch_op.create_index(batch_op.f("ix_staged_members_society_id"), ["society_id"], unique=False)

    op.create_table(
        "login_sessions",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_login_sessions_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("secret", name=op.f("uq_login_sessions_secret")),
    )
    with op.batch_alter_table("login_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_login_sessions_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_login_sessions_expires_at", ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_login_sessions_society_id"), ["society_id"], unique=False)

    op.create_table(
        "password_links",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("superseded_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_password_links_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_links")),
        sa.UniqueConstraint("secret", name=op.f("uq_password_links_secret")),
    )
    with op.batch_alter_table("password_links", schema=None) as batch_op:
        batch_op.create_index("ix_password_links_account_id", ["account_id"], unique=False)
        batch_op.create_index("ix_password_links_expires_at", ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_password_links_society_id"), ["society_id"], unique=False)

    isolate(
        "categories",
        "login_attempts",
        "members",
        "password_requests",
        "rosters",
        "accounts",
        "roster_faults",
        "roster_parts",
        "staged_members",
        "login_sessions",
        "password_links",
    )


def downgrade() -> None:
    for table in (
        "password_links",
        "login_sessions",
        "staged_members",
        "roster_parts",
        "roster_faults",
        "accounts",
        "setup_links",
        "rosters",
        "password_requests",
        "members",
        "login_attempts",
        "categories",
    ):
        op.drop_table(table)
