"""Numbers of documents: without gaps per society, kind of document and fiscal year of issue (B20+)."""

from __future__ import annotations

from datetime import date

from sqlalchemy.dialects import postgresql, sqlite

from services.billing.models import SequenceRow
from shared.ids import new_id
from shared.japan.calendar import fiscal_year_of
from shared.uow import UnitOfWork

PREFIX = {"invoice": "I", "receipt": "R"}
WIDTH = 7
KEY = ("society_id", "kind", "year")


def draw_numbers(uow: UnitOfWork, kind: str, on: date, count: int = 1) -> tuple[str, int]:
    """Draw `count` consecutive numbers: (what stands before the digits, first number).

    The row stays locked until the transaction ends: a number exists exactly if its document does."""
    year = fiscal_year_of(on, uow.society.fiscal_year_starts)
    statement = _sequence(uow, kind, year, last=count)
    drawn = statement.on_conflict_do_update(index_elements=KEY, set_={"last": SequenceRow.last + count}).returning(
        SequenceRow.last
    )
    last = uow.session.execute(drawn).scalar_one()
    return f"{PREFIX[kind]}{year}-", last - count + 1


def draw_number(uow: UnitOfWork, kind: str, on: date) -> str:
    prefix, first = draw_numbers(uow, kind, on)
    return f"{prefix}{first:0{WIDTH}d}"


def raise_number(uow: UnitOfWork, kind: str, year: int, last: int) -> None:
    """Never give out this number again, nor any before it: it was given out once, and forgotten."""
    statement = _sequence(uow, kind, year, last)
    newer = statement.excluded.last
    uow.session.execute(
        statement.on_conflict_do_update(index_elements=KEY, set_={"last": newer}, where=SequenceRow.last < newer)
    )


def _sequence(uow: UnitOfWork, kind: str, year: int, last: int) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if uow.session.connection().dialect.name == "postgresql" else sqlite.insert
    return insert(SequenceRow).values(id=new_id(), society_id=uow.society_id, kind=kind, year=year, last=last)
