"""The import of a file of records: one transaction from the staged rows to the records; all or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import sqlalchemy as sa

from services.members.errors.files import RecordsOutdated
from services.members.models import RecordRow, RosterRow, StagedRecordRow
from services.members.records.by_hand import CHANGEABLE, kind_names, trail
from services.members.rosters.importing import import_file
from shared import audit
from shared.jobs import JobRun
from shared.uow import UnitOfWork

CHUNK = 5_000
_staged: sa.Table = cast(sa.Table, StagedRecordRow.__table__)
_records: sa.Table = cast(sa.Table, RecordRow.__table__)
_DEEDS = {"changed": "change-record", "removed": "remove-record"}
_WRITTEN = (*CHANGEABLE, "search")


def import_records(run: JobRun) -> None:
    """Long work. Raises RecordsOutdated when records were changed since the dry run; then nothing was imported."""
    import_file(run, _apply, RecordsOutdated)


def _apply(uow: UnitOfWork, run: JobRun, roster: RosterRow) -> None:
    _record(uow, roster.id)
    _insert(uow, roster.id)
    if _update(uow, roster.id) != roster.changed or _remove(uow, roster.id) != roster.removed:
        raise RecordsOutdated
    counts = {"new": roster.new, "changed": roster.changed, "removed": roster.removed, "same": roster.same}
    audit.record(uow, "import-records", f"roster/{roster.id}", after={"file": roster.file_name, **counts})
    run.done = roster.rows
    run.finish(uow, counts)


def _record(uow: UnitOfWork, roster_id: str) -> None:
    """What is changed or removed stands in the histories of its members; what is new tells by itself who brought it."""
    kinds = kind_names(uow)
    for rows in _changing(uow, roster_id):
        entries = []
        for action, member_id, before, after in rows:
            was, now = trail(kinds, before, after if action == "changed" else None)
            about = {**now, "roster": roster_id}
            entries.append(audit.trail_entry(uow, _DEEDS[action], f"member/{member_id}", before=was, after=about))
        audit.record_many(uow, entries)


def _changing(uow: UnitOfWork, roster_id: str) -> Iterator[Sequence[tuple[str, str, dict[str, Any], dict[str, Any]]]]:
    """(action, member, record as it is, record as it will be), a batch at a time."""
    was, will = ([getattr(table, name) for name in CHANGEABLE] for table in (RecordRow, StagedRecordRow))
    columns = sa.select(StagedRecordRow.row, StagedRecordRow.action, RecordRow.member_id, *was, *will)
    joined = columns.join(RecordRow, RecordRow.id == StagedRecordRow.record_id)
    here = joined.where(StagedRecordRow.roster_id == roster_id, StagedRecordRow.action.in_(("changed", "removed")))
    here = here.order_by(StagedRecordRow.row).with_for_update(of=RecordRow)  # nobody changes them from now on
    last = 0
    while rows := uow.session.execute(here.where(StagedRecordRow.row > last).limit(CHUNK)).all():
        last, middle = rows[-1][0], 3 + len(CHANGEABLE)
        yield [
            (
                row[1],
                row[2],
                dict(zip(CHANGEABLE, row[3:middle], strict=True)),
                dict(zip(CHANGEABLE, row[middle:], strict=True)),
            )
            for row in rows
        ]


def _insert(uow: UnitOfWork, roster_id: str) -> None:
    given = {name: _staged.c[name] for name in ("society_id", "member_id", *_WRITTEN)}
    fresh = {
        "id": _staged.c.record_id,
        **given,
        "source": sa.literal("import"),
        "registered_on": sa.literal(uow.today, sa.Date()),
        "registered_by": sa.literal(uow.actor.name),
        "revision": sa.literal(1),
    }
    rows = sa.select(*fresh.values()).where(*_of(uow, roster_id, "new"))
    uow.session.execute(sa.insert(_records).from_select(list(fresh), rows, include_defaults=False))


def _update(uow: UnitOfWork, roster_id: str) -> int:
    values = {name: _staged.c[name] for name in _WRITTEN}
    statement = sa.update(_records).values(**values, revision=_staged.c.base_revision + 1)
    return _rows_of(uow, statement.where(*_as_checked(uow, _records), *_of(uow, roster_id, "changed")))


def _remove(uow: UnitOfWork, roster_id: str) -> int:
    known = _records.alias()  # looked up for each staged row, not the other way round
    found = sa.select(_staged.c.record_id).where(*_as_checked(uow, known), *_of(uow, roster_id, "removed"))
    return _rows_of(uow, sa.delete(_records).where(_records.c.society_id == uow.society_id, _records.c.id.in_(found)))


def _as_checked(uow: UnitOfWork, records: sa.FromClause) -> Sequence[sa.ColumnElement[bool]]:
    """The record of a staged row, where nobody has changed it since the dry run: theirs must not be lost."""
    same = records.c.id == _staged.c.record_id, records.c.revision == _staged.c.base_revision
    return (*same, records.c.society_id == uow.society_id)


def _of(uow: UnitOfWork, roster_id: str, does: str) -> Sequence[sa.ColumnElement[bool]]:
    return (
        _staged.c.roster_id == roster_id,
        _staged.c.society_id == uow.society_id,
        _staged.c.action == does,
    )


def _rows_of(uow: UnitOfWork, statement: sa.Update | sa.Delete) -> int:
    done = uow.session.execute(statement, execution_options={"synchronize_session": False})
    return int(done.rowcount)  # type: ignore[attr-defined]
