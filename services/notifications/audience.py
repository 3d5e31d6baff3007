"""Letters to many: who is meant, by what is known here of people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from shared.people import PersonRow
from shared.uow import UnitOfWork

AT_ONCE = 5_000  # people; each lot becomes one statement


def members_with_address(
    uow: UnitOfWork, categories: Sequence[str], standings: Sequence[str]
) -> Iterator[Sequence[str]]:
    """Ids of members in one of these categories (none: whatever it is) and standings, so many at a time."""
    statement = sa.select(PersonRow.id).where(
        PersonRow.kind.in_(("individual", "corporate")), PersonRow.standing.in_(standings), PersonRow.email != ""
    )
    if categories:
        statement = statement.where(PersonRow.category.in_(categories))
    last = None
    while True:
        lot = statement.where(PersonRow.id > last) if last else statement
        ids = uow.session.scalars(lot.order_by(PersonRow.id).limit(AT_ONCE)).all()
        if not ids:
            return
        last = ids[-1]
        yield ids
