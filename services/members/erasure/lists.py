"""Who is erased when, as a list and a file for the office; who was erased, as a file for whoever restores a back-up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.members.erasure.due import goes_on, gone, keeping_of, over_by
from services.members.keeping import AHEAD
from services.members.models import ErasureRow, HoldRow, MemberRow, StandingRow
from services.members.search import fold
from shared.tables.writing import Cell
from shared.uow import UnitOfWork

Leaving = sa.Select[Any, Any, Any, Any]
ORDERS = {"since": StandingRow.starts_on, "number": MemberRow.number, "kana": MemberRow.kana}
CHUNK = 2_000


def leaving(uow: UnitOfWork, *, by: date | None = None, text: str = "", held: bool = False) -> Leaving:
    """(member, since when, hold, recorded when) of those who are erased by a day (within a year, if none is said), held
    ones among them; or of those only who are held back."""
    statement = gone() if held else gone().where(over_by(keeping_of(uow), by or uow.today + AHEAD))
    for word in text.split():
        statement = statement.where(MemberRow.search.contains(fold(word), autoescape=True))
    return statement.where(HoldRow.person_id.is_not(None)) if held else statement


def rows(uow: UnitOfWork, found: Leaving, standings: Mapping[str, str]) -> Iterator[Sequence[Cell]]:
    """Number, name, standing, since when, erased on, why not."""
    keeping = keeping_of(uow)
    ordered = found.order_by(StandingRow.starts_on, MemberRow.id).execution_options(yield_per=CHUNK)
    for person, since, hold, recorded_at in uow.session.execute(ordered):
        day = None if hold else max(goes_on(keeping, person.standing, since, recorded_at.date()), uow.today)
        yield person.number, person.name, standings[person.standing], since, day, hold.reason if hold else ""
        uow.session.expunge(person)


def erased_rows(uow: UnitOfWork) -> Iterator[Sequence[Cell]]:
    """Id, day and cause of all who were ever erased; it names nobody."""
    statement = sa.select(ErasureRow.person_id, ErasureRow.erased_on, ErasureRow.cause).order_by(ErasureRow.person_id)
    for row in uow.session.execute(statement.execution_options(yield_per=CHUNK)):
        yield tuple(row)
