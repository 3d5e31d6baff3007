"""First tables: events, registrations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import isolate

revision = "events_0001"
down_revision = None
branch_labels = ("events",)
depends_on = "kit_0001"


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("venue", sa.String(), nullable=False),
        sa.Column("venue_en", sa.String(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("description_en", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("fee", sa.Integer(), nullable=False),
        sa.Column("tax_class", sa.String(), nullable=False),
        sa.Column("registration_until", sa.Date(), nullable=False),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("registration_open", sa.Boolean(), nullable=False),
        sa.Column("on_my_page", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("taken >= 0", name=op.f("ck_events_taken_not_negative")),
        sa.CheckConstraint("capacity IS NULL OR taken <= capacity", name=op.f("ck_events_never_one_seat_too_many")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index(op.f("ix_events_society_id"), "events", ["society_id"])
    op.create_table(
        "registrations",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fee", sa.Integer(), nullable=False),
        sa.Column("tax_class", sa.String(), nullable=False),
        sa.Column("pay_until", sa.Date(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("invoice_number", sa.String(), nullable=False),
        sa.Column("invoice_revision", sa.Integer(), nullable=False),
        sa.Column("invoice_state", sa.String(), nullable=False),
        sa.Column("paid", sa.Integer(), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_registrations_event_id_events")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
    )
    for column in ("society_id", "event_id", "person_id", "invoice_id"):
        op.create_index(op.f(f"ix_registrations_{column}"), "registrations", [column])
    live = sa.text("state <> 'cancelled'")
    op.create_index(
        "uq_registrations_live",
        "registrations",
        ["event_id", "person_id"],
        unique=True,
        postgresql_where=live,
        sqlite_where=live,
    )
    isolate("events", "registrations")


def downgrade() -> None:
    op.drop_table("registrations")
    op.drop_table("events")
