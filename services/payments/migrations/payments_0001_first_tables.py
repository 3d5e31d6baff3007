"""First tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "payments_0001"
down_revision = None
branch_labels = ("payments",)
depends_on = "kit_0001"


def upgrade() -> None:
    op.create_table(
        "bank_files",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("imported_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_files")),
        sa.UniqueConstraint("society_id", "sha256", name=op.f("uq_bank_files_society_id_sha256")),
    )
    with op.batch_alter_table("bank_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_files_society_id"), ["society_id"], unique=False)

    op.create_table(
        "card_locks",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("locked_until", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_locks")),
        sa.UniqueConstraint("society_id", "account_id", name=op.f("uq_card_locks_society_id_account_id")),
    )
    with op.batch_alter_table("card_locks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_locks_society_id"), ["society_id"], unique=False)

    op.create_table(
        "entries",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("booked_at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("payment_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("memo", sa.String(), nullable=False),
        sa.Column("booked_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index("ix_entries_day", ["society_id", "booked_on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_entries_payment_id"), ["payment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_entries_society_id"), ["society_id"], unique=False)

    op.create_table(
        "provider_notices",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attempt_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_notices")),
        sa.UniqueConstraint(
            "society_id", "provider", "event_id", name=op.f("uq_provider_notices_society_id_provider_event_id")
        ),
    )
    with op.batch_alter_table("provider_notices", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_notices_society_id"), ["society_id"], unique=False)
        batch_op.create_index(
            "ix_provider_notices_waiting",
            ["next_try_at"],
            unique=False,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "requests",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("invoice_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("invoice_revision", sa.Integer(), nullable=False),
        sa.Column("invoice_number", sa.String(), nullable=False),
        sa.Column("payer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("due >= 0", name=op.f("ck_requests_due")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint("invoice_id", name=op.f("uq_requests_invoice_id")),
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index("ix_requests_due", ["society_id", "state", "due"], unique=False)
        batch_op.create_index("ix_requests_payer", ["society_id", "payer_id", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_requests_society_id"), ["society_id"], unique=False)

    op.create_table(
        "attempts",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("invoice_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("payer_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("chain", sa.String(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("pay_until", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("redirect_url", sa.String(), nullable=True),
        sa.Column("instructions", sa.JSON(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("provisional_as_of", UtcDateTime(), nullable=True),
        sa.Column("next_ask_at", UtcDateTime(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_attempts_amount")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_attempts_request_id_requests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("provider", "reference", name=op.f("uq_attempts_provider_reference")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_attempts_ask",
            ["next_ask_at"],
            unique=False,
            postgresql_where=sa.text("next_ask_at IS NOT NULL"),
            sqlite_where=sa.text("next_ask_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_attempts_expiry",
            ["expires_at"],
            unique=False,
            postgresql_where=sa.text("state IN ('starting', 'waiting', 'authorising')"),
            sqlite_where=sa.text("state IN ('starting', 'waiting', 'authorising')"),
        )
        batch_op.create_index("ix_attempts_request", ["request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempts_society_id"), ["society_id"], unique=False)
        batch_op.create_index(
            "uq_attempts_live",
            ["request_id"],
            unique=True,
            postgresql_where=sa.text("state IN ('starting', 'waiting', 'authorising')"),
            sqlite_where=sa.text("state IN ('starting', 'waiting', 'authorising')"),
        )

    op.create_table(
        "deposits",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("bank_file_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("line_hash", sa.String(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("payer_name", sa.String(), nullable=False),
        sa.Column("payer_code", sa.String(), nullable=False),
        sa.Column("sending_bank", sa.String(), nullable=False),
        sa.Column("sending_branch", sa.String(), nullable=False),
        sa.Column("edi", sa.String(), nullable=False),
        sa.Column("reversal", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_deposits_amount")),
        sa.ForeignKeyConstraint(["bank_file_id"], ["bank_files.id"], name=op.f("fk_deposits_bank_file_id_bank_files")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposits")),
        sa.UniqueConstraint(
            "society_id",
            "account",
            "booked_on",
            "line_hash",
            "ordinal",
            name=op.f("uq_deposits_society_id_account_booked_on_line_hash_ordinal"),
        ),
    )
    with op.batch_alter_table("deposits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deposits_society_id"), ["society_id"], unique=False)
        batch_op.create_index("ix_deposits_state", ["society_id", "state", "booked_on"], unique=False)

    op.create_table(
        "postings",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("entry_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("debit", sa.String(), nullable=False),
        sa.Column("credit", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_postings_amount")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_postings_two_accounts")),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_postings_entry_id_entries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postings")),
    )
    with op.batch_alter_table("postings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_postings_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_postings_society_id"), ["society_id"], unique=False)

    op.create_table(
        "accounts",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("bank", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_accounts_attempt_id_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("society_id", "bank", "number", name=op.f("uq_accounts_society_id_bank_number")),
    )
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_accounts_society_id"), ["society_id"], unique=False)

    op.create_table(
        "payments",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("payer_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("request_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("attempt_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("deposit_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("provider_number", sa.String(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("memo", sa.String(), nullable=False),
        sa.Column("entry_key", sa.String(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_payments_amount")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name=op.f("fk_payments_attempt_id_attempts")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_payments_request_id_requests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("provider", "provider_number", name=op.f("uq_payments_provider_provider_number")),
        sa.UniqueConstraint("society_id", "entry_key", name=op.f("uq_payments_society_id_entry_key")),
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index("ix_payments_invoice", ["invoice_id"], unique=False)
        batch_op.create_index("ix_payments_payer", ["society_id", "payer_id"], unique=False)
        batch_op.create_index("ix_payments_received", ["society_id", "received_on", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payments_society_id"), ["society_id"], unique=False)

    op.create_table(
        "reversals",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("payment_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("memo", sa.String(), nullable=False),
        sa.Column("reversed_at", UtcDateTime(), nullable=False),
        sa.Column("reversed_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_reversals_payment_id_payments")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reversals")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_reversals_payment_id")),
    )
    with op.batch_alter_table("reversals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reversals_society_id"), ["society_id"], unique=False)
    isolate(
        "requests",
        "attempts",
        "card_locks",
        "accounts",
        "provider_notices",
        "payments",
        "reversals",
        "bank_files",
        "deposits",
        "entries",
        "postings",
    )


def downgrade() -> None:
    with op.batch_alter_table("reversals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reversals_society_id"))

    op.drop_table("reversals")
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_payments_society_id"))
        batch_op.drop_index("ix_payments_received")
        batch_op.drop_index("ix_payments_payer")
        batch_op.drop_index("ix_payments_invoice")

    op.drop_table("payments")
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_accounts_society_id"))

    op.drop_table("accounts")
    with op.batch_alter_table("postings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_postings_society_id"))
        batch_op.drop_index(batch_op.f("ix_postings_entry_id"))

    op.drop_table("postings")
    with op.batch_alter_table("deposits", schema=None) as batch_op:
        batch_op.drop_index("ix_deposits_state")
        batch_op.drop_index(batch_op.f("ix_deposits_society_id"))

    op.drop_table("deposits")
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_attempts_live",
            postgresql_where=sa.text("state IN ('starting', 'waiting', 'authorising')"),
            sqlite_where=sa.text("state IN ('starting', 'waiting', 'authorising')"),
        )
        batch_op.drop_index(batch_op.f("ix_attempts_society_id"))
        batch_op.drop_index("ix_attempts_request")
        batch_op.drop_index(
            "ix_attempts_expiry",
            postgresql_where=sa.text("state IN ('starting', 'waiting', 'authorising')"),
            sqlite_where=sa.text("state IN ('starting', 'waiting', 'authorising')"),
        )
        batch_op.drop_index(
            "ix_attempts_ask",
            postgresql_where=sa.text("next_ask_at IS NOT NULL"),
            sqlite_where=sa.text("next_ask_at IS NOT NULL"),
        )

    op.drop_table("attempts")
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_requests_society_id"))
        batch_op.drop_index("ix_requests_payer")
        batch_op.drop_index("ix_requests_due")

    op.drop_table("requests")
    with op.batch_alter_table("provider_notices", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_provider_notices_waiting",
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(batch_op.f("ix_provider_notices_society_id"))

    op.drop_table("provider_notices")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entries_society_id"))
        batch_op.drop_index(batch_op.f("ix_entries_payment_id"))
        batch_op.drop_index("ix_entries_day")

    op.drop_table("entries")
    with op.batch_alter_table("card_locks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_card_locks_society_id"))

    op.drop_table("card_locks")
    with op.batch_alter_table("bank_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bank_files_society_id"))

    op.drop_table("bank_files")
