"""What a roster says of standings, as entries of the members' histories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.members.models import StandingRow
from services.members.standings.dates import GONE, Entry, first_entries
from services.members.standings.settling import standing_values
from shared.db import insert_rows
from shared.uow import UnitOfWork

Row = sa.Row[Any]


def keep_histories(uow: UnitOfWork, rows: Sequence[Row], before: Mapping[str, Row]) -> None:
    """Whoever is new has a history from now on; where a standing or a day of leaving changes, what was scheduled gives
    way to what the roster says. A batch at once; `before`: the members as they were, by id."""
    fresh, turned, moved, corrected = [], [], [], []
    for row in rows:
        was = before.get(row.member_id)
        if was is None or was.kind == "guest":
            fresh.append(row)
        elif was.standing != row.standing:
            turned.append(row)
        elif row.standing in GONE and was.leaves_on != row.leaves_on:
            corrected.append(row)
        elif was.leaves_on != row.leaves_on:
            moved.append(row)
    _forget(uow, turned, StandingRow.starts_on >= uow.today)
    _forget(uow, moved, StandingRow.starts_on > uow.today)
    _forget(uow, corrected, _is_last())
    entries = [
        *((row, entry) for row in fresh for entry in _all(row, uow.today)),
        *_turning(uow, [*turned, *corrected]),
        *((row, entry) for row in moved for entry in _all(row, uow.today)[1:]),
    ]
    insert_rows(uow.session, StandingRow, [standing_values(uow, row.member_id, entry) for row, entry in entries])


def _all(row: Row, today: date) -> list[Entry]:
    return first_entries(row.standing, row.joined_on, row.leaves_on, today)


def _turning(uow: UnitOfWork, rows: Sequence[Row]) -> Iterator[tuple[Row, Entry]]:
    statement = sa.select(StandingRow.member_id, sa.func.max(StandingRow.starts_on)).group_by(StandingRow.member_id)
    latest = dict(uow.session.execute(statement.where(_of(rows))).tuples().all()) if rows else {}
    for row in rows:
        first, *later = _all(row, uow.today)
        known = latest.get(row.member_id)
        yield row, Entry(uow.today, first.standing) if known and first.starts_on <= known else first
        yield from ((row, entry) for entry in later)


def _forget(uow: UnitOfWork, rows: Sequence[Row], which: sa.ColumnElement[bool]) -> None:
    if rows:
        statement = sa.delete(StandingRow).where(_of(rows), which)
        uow.session.execute(statement, execution_options={"synchronize_session": False})


def _is_last() -> sa.ColumnElement[bool]:
    later = aliased(StandingRow)
    return ~sa.exists().where(later.member_id == StandingRow.member_id, later.starts_on > StandingRow.starts_on)


def _of(rows: Sequence[Row]) -> sa.ColumnElement[bool]:
    return StandingRow.member_id.in_([row.member_id for row in rows])
