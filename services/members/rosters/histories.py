"""What a roster says of standings and categories, as entries of the members' histories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from services.members.histories.entries import Entry
from services.members.histories.settling import entry_values
from services.members.histories.tracks import CATEGORY, STANDING, Track
from services.members.standings.dates import GONE
from shared.db import insert_rows
from shared.uow import UnitOfWork

Row = sa.Row[Any]


def keep_histories(uow: UnitOfWork, rows: Sequence[Row], before: Mapping[str, Row]) -> None:
    """Whoever is new has histories from now on; where a standing, a category or a day of leaving changes, what was
    scheduled gives way to what the roster says. A batch at once; `before`: the members as they were, by id."""
    known = {row.member_id: before.get(row.member_id) for row in rows}
    fresh = [row for row in rows if (was := known[row.member_id]) is None or was.kind == "guest"]
    there = [(row, was) for row in rows if (was := known[row.member_id]) is not None and was.kind != "guest"]
    _keep_standings(uow, fresh, there)
    _keep_categories(uow, fresh, there)


def _keep_standings(uow: UnitOfWork, fresh: Sequence[Row], there: Sequence[tuple[Row, Row]]) -> None:
    turned = [row for row, was in there if row.standing != was.standing]
    other_day = [row for row, was in there if row.standing == was.standing and row.leaves_on != was.leaves_on]
    corrected = [row for row in other_day if row.standing in GONE and row.leaves_on]
    moved = [row for row in other_day if row.standing not in GONE]
    _forget(uow, STANDING, turned, STANDING.rows.starts_on >= uow.today)
    _forget(uow, STANDING, moved, STANDING.rows.starts_on > uow.today)
    _forget(uow, STANDING, corrected, _is_last())
    entries = [
        *_first(uow, STANDING, fresh),
        *_turning(uow, [*turned, *corrected]),
        *((row, entry) for row in moved for entry in STANDING.first(row, uow.today)[1:]),
    ]
    _insert(uow, STANDING, entries)


def _keep_categories(uow: UnitOfWork, fresh: Sequence[Row], there: Sequence[tuple[Row, Row]]) -> None:
    turned = [(row, was) for row, was in there if row.category != was.category]
    rows = [row for row, _ in turned]
    _forget(uow, CATEGORY, rows, CATEGORY.rows.starts_on >= uow.today)
    known = _latest(uow, CATEGORY, rows)
    not_begun = [(row, entry) for row, was in turned if row.member_id not in known for entry in _before(uow, was)]
    now = [(row, Entry(uow.today, row.category)) for row in rows]
    _insert(uow, CATEGORY, [*_first(uow, CATEGORY, fresh), *not_begun, *now])


def _before(uow: UnitOfWork, was: Row) -> list[Entry]:
    """Of a category that an older release gave, and that no history tells."""
    return [entry for entry in CATEGORY.first(was, uow.today) if entry.starts_on < uow.today]


def _first(uow: UnitOfWork, track: Track, rows: Sequence[Row]) -> list[tuple[Row, Entry]]:
    return [(row, entry) for row in rows for entry in track.first(row, uow.today)]


def _turning(uow: UnitOfWork, rows: Sequence[Row]) -> Iterator[tuple[Row, Entry]]:
    """Standings, from today on where something is known of the time before."""
    latest = _latest(uow, STANDING, rows)
    for row in rows:
        first, *later = STANDING.first(row, uow.today)
        known = latest.get(row.member_id)
        yield row, Entry(uow.today, first.value) if known and first.starts_on <= known else first
        yield from ((row, entry) for entry in later)


def _latest(uow: UnitOfWork, track: Track, rows: Sequence[Row]) -> dict[str, date]:
    """The day of the newest entry, by member id; who has none is missing."""
    latest_day = sa.select(track.rows.member_id, sa.func.max(track.rows.starts_on)).group_by(track.rows.member_id)
    return dict(row._tuple() for row in uow.session.execute(latest_day.where(_of(track, rows)))) if rows else {}


def _insert(uow: UnitOfWork, track: Track, entries: Sequence[tuple[Row, Entry]]) -> None:
    values = [entry_values(uow, track, row.member_id, entry) for row, entry in entries]
    insert_rows(uow.session, track.rows, values)


def _forget(uow: UnitOfWork, track: Track, rows: Sequence[Row], which: sa.ColumnElement[bool]) -> None:
    if rows:
        statement = sa.delete(track.rows).where(_of(track, rows), which)
        uow.session.execute(statement, execution_options={"synchronize_session": False})


def _is_last() -> sa.ColumnElement[bool]:
    later = aliased(STANDING.rows)
    return ~sa.exists().where(later.member_id == STANDING.rows.member_id, later.starts_on > STANDING.rows.starts_on)


def _of(track: Track, rows: Sequence[Row]) -> sa.ColumnElement[bool]:
    return track.rows.member_id.in_([row.member_id for row in rows])
