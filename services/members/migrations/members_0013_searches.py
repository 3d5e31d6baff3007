"""Saved searches, and what lets a search of a million members be quick (docs/decisions/0012)

The indexes come first, one by one and without a lock that anybody would feel; a second try goes on where the first one
was stopped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import UtcDateTime
from shared.migrations import beside_the_work, index_beside_the_work, isolate, only_read

revision = "members_0013"
down_revision = "members_0012"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_members_society_id_joined_on": "members (society_id, joined_on, id)",
    "ix_members_society_id_leaves_on": "members (society_id, leaves_on) WHERE leaves_on IS NOT NULL",
    "ix_members_society_id_category": "members (society_id, category, id)",
    "ix_members_society_id_standing": "members (society_id, standing, id)",
    "ix_standings_society_id_standing": "standings (society_id, standing, starts_on, member_id)",
}
GRAMS_INDEX = {"ix_members_search_grams": 'members USING gin (search_grams(search) COLLATE "C")'}
# pairs of characters, threes where a pair is ASCII, and single kanji: as services/members/search_index.py asks for them
GRAMS = """
CREATE OR REPLACE FUNCTION search_grams(folded text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    SELECT array_agg(gram) FROM (
        SELECT substr(folded, place, CASE WHEN octet_length(substr(folded, place, 2)) = 2 THEN 3 ELSE 2 END)
        FROM generate_series(1, length(folded) - 1) AS place
        UNION ALL
        SELECT substr(folded, place, 1) FROM generate_series(1, length(folded)) AS place
        WHERE substr(folded, place, 1) COLLATE "C" >= '㐀'
    ) AS grams(gram)
$$
"""
# Belongs to the owner of the table, whom row-level security does not hold: so it keeps to the society itself. What is
# asked of the table under row-level security can use no index for the contents of a text.
VIEW = """
CREATE VIEW searched_members AS
SELECT society_id, id, kind, search, number, kana, category, standing, joined_on, leaves_on, language, email,
       address_dead_at, postcode, address
FROM members WHERE society_id = CAST(NULLIF(current_setting('tsudoi.society', true), '') AS uuid)
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _index_beside_the_work()
        op.execute(VIEW)
        only_read("searched_members")
    else:
        for name, place in INDEXES.items():
            op.execute(f"CREATE INDEX {name} ON {place}")
    op.create_table(
        "saved_searches",
        sa.Column("society_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner_name", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_searches")),
        sa.UniqueConstraint("society_id", "owner_id", "name", name=op.f("uq_saved_searches_society_id_owner_id_name")),
    )
    with op.batch_alter_table("saved_searches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_searches_society_id"), ["society_id"], unique=False)
    isolate("saved_searches")


def _index_beside_the_work() -> None:
    with beside_the_work():
        op.execute(GRAMS)
        for name, place in {**INDEXES, **GRAMS_INDEX}.items():
            index_beside_the_work(name, place)
        op.execute("ANALYZE members")  # only now is anything known of the grams


def downgrade() -> None:
    op.drop_table("saved_searches")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP VIEW searched_members")
        op.execute("DROP INDEX ix_members_search_grams")
        op.execute("DROP FUNCTION search_grams(text)")
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
