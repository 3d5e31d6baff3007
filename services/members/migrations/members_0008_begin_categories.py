"""Histories of categories of who is there already: apart from the table, whose locks would stop everybody"""

from __future__ import annotations

from alembic import op

revision = "members_0008"
down_revision = "members_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Since they joined, as far as anybody can tell."""
    if op.get_bind().dialect.name == "postgresql":
        id, today, now = "gen_random_uuid()", "CURRENT_DATE", "now()"
        changed = "CAST(changed_at AT TIME ZONE 'Asia/Tokyo' AS date)"
    else:
        id, today, now = "lower(hex(randomblob(16)))", "date('now')", "strftime('%Y-%m-%d %H:%M:%S.000000', 'now')"
        changed = "date(changed_at, '+9 hours')"
    op.execute(
        "INSERT INTO category_entries"
        " (society_id, id, member_id, category, starts_on, in_force_at, recorded_at, recorded_by)"
        f" SELECT society_id, {id}, id, category, CASE WHEN joined_on <= {today} THEN joined_on ELSE {changed} END,"
        f" {now}, {now}, '' FROM members WHERE kind <> 'guest' AND category IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM category_entries e WHERE e.member_id = members.id)"
    )


def downgrade() -> None:
    """The table goes with its own revision."""
