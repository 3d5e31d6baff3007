"""What stands in one roster twice: numbers, e-mail addresses, members. Found by the database, at any size of file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from services.members.models import StagedRow
from shared.errors import N_, Fault
from shared.uow import UnitOfWork

NUMBER_TWICE = N_("The member number %(value)s stands in row %(first)s, too.")
EMAIL_TWICE = N_("The e-mail address %(value)s stands in row %(first)s, too.")
MEMBER_TWICE = N_("This row means the same member as row %(first)s.")


def find_doubles(uow: UnitOfWork, roster_id: str) -> Iterator[Fault]:
    """A fault for each later row, naming the first."""
    told: set[int] = set()
    for column, name, text in (
        (StagedRow.number, "number", NUMBER_TWICE),
        (StagedRow.email, "email", EMAIL_TWICE),
        (StagedRow.member_id, "number", MEMBER_TWICE),
    ):
        for row, value, first in doubled(uow, roster_id, column):
            if text is MEMBER_TWICE and row in told:
                continue
            told.add(row)
            params = {"first": first} if text is MEMBER_TWICE else {"value": value, "first": first}
            yield Fault(text, params, name, row)


def doubled(
    uow: UnitOfWork, roster_id: str, column: InstrumentedAttribute[Any], *more: InstrumentedAttribute[Any]
) -> list[tuple[int, str, int]]:
    """(row, value of the first column, first row with the same) where staged rows have all these columns in common."""
    columns, staged = (column, *more), column.class_
    here = [staged.roster_id == roster_id, *(each.is_not(None) for each in columns)]
    groups = sa.select(*columns, sa.func.min(staged.row).label("first")).where(*here).group_by(*columns)
    found = groups.having(sa.func.count() > 1).subquery()
    statement = (
        sa.select(staged.row, column, found.c.first)
        .join(found, sa.and_(*(each == found.c[each.key] for each in columns)))
        .where(staged.roster_id == roster_id, staged.row != found.c.first)
        .order_by(staged.row)
    )
    return [(row, str(value), first) for row, value, first in uow.session.execute(statement)]
