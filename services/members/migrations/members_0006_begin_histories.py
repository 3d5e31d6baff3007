"""Histories of who is there already, and their numbers: apart from the tables, whose locks would stop everybody"""

from __future__ import annotations

from alembic import op

revision = "members_0006"
down_revision = "members_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _begin_histories()
    op.execute(
        "INSERT INTO member_numbers (society_id, number, member_id)"
        " SELECT society_id, number, id FROM members WHERE number IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM member_numbers n"
        " WHERE n.society_id = members.society_id AND n.number = members.number)"
    )


def _begin_histories() -> None:
    """Of who is there already: their standing, since when as far as anybody can tell, and their leaving."""
    if op.get_bind().dialect.name == "postgresql":
        id, today, changed = "gen_random_uuid()", "CURRENT_DATE", "CAST(changed_at AT TIME ZONE 'Asia/Tokyo' AS date)"
        after_leaving, now = "leaves_on + 1", "now()"
    else:
        id, today, changed = "lower(hex(randomblob(16)))", "date('now')", "date(changed_at, '+9 hours')"
        after_leaving, now = "date(leaves_on, '+1 day')", "strftime('%Y-%m-%d %H:%M:%S.000000', 'now')"
    since = (
        f"CASE WHEN standing IN ('left', 'expelled') AND leaves_on < {today} THEN {after_leaving}"
        f" WHEN standing IN ('applying', 'active') AND joined_on <= {today} THEN joined_on ELSE {changed} END"
    )
    known = "EXISTS (SELECT 1 FROM standings s WHERE s.member_id = members.id)"
    columns = "society_id, id, member_id, standing, starts_on, in_force_at, recorded_at, recorded_by"
    op.execute(
        f"INSERT INTO standings ({columns}) SELECT society_id, {id}, id, standing, {since}, {now}, {now}, ''"
        f" FROM members WHERE kind <> 'guest' AND NOT {known}"
    )
    op.execute(
        f"INSERT INTO standings ({columns}) SELECT society_id, {id}, id, 'left', {after_leaving}, NULL, {now}, ''"
        " FROM members WHERE kind <> 'guest' AND standing NOT IN ('left', 'expelled', 'withdrawn_application')"
        f" AND leaves_on >= {today} AND NOT EXISTS (SELECT 1 FROM standings s"
        f" WHERE s.member_id = members.id AND (s.in_force_at IS NULL OR s.starts_on = {after_leaving}))"
    )


def downgrade() -> None:
    """The tables go with their own revision."""
