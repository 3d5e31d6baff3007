"""Letters are found by their recipient: when somebody is erased, for one, without reading all others"""

from __future__ import annotations

from alembic import op

from shared.migrations import beside_the_work, index_beside_the_work

revision = "notifications_0002"
down_revision = "notifications_0001"
branch_labels = None
depends_on = None

INDEX = "ix_letters_person_id"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        op.create_index(INDEX, "letters", ["person_id"])
        return
    with beside_the_work():
        index_beside_the_work(INDEX, "letters (person_id)")


def downgrade() -> None:
    op.execute(f"DROP INDEX {INDEX}")
