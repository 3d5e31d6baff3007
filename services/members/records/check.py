"""The dry run of a file of records: every row is read, matched with its member and its record, and staged; then what is
doubled is looked for. Nothing of the records changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from services.members.models import RecordRow, RosterRow, StagedRecordRow
from services.members.records.by_hand import IDENTITY
from services.members.records.columns import columns_for
from services.members.records.kinds import list_kinds
from services.members.records.reading import RecordReader
from services.members.records.staging import stage_records
from services.members.rosters.check import Contents, Stage, check_file
from services.members.rosters.doubles import doubled
from shared.errors import N_, Fault, InvalidInput
from shared.jobs import JobRun
from shared.tables import Table
from shared.uow import UnitOfWork

TWICE = N_("This row means the same record as row %(first)s.")
TAKEN = N_("The member has a record of this kind, title and time already.")
UNKNOWN_COLUMN = N_("The column “%(column)s” is not known here.")
ONE_DAY_COLUMN = N_("The columns of the first and the last day go together.")


def check_records(run: JobRun) -> None:
    """Long work. When it was interrupted it begins anew: nothing outside the staged rows is touched."""
    with run.look() as uow:
        mode = uow.get(RosterRow, run.args["roster"]).mode
    check_file(run, Contents(columns_for(mode), StagedRecordRow, _begin_reading, _compare, _no_counts))


def _no_counts(_uow: UnitOfWork, _roster_id: str) -> dict[str, int]:
    return {}


def _begin_reading(uow: UnitOfWork, roster: RosterRow, table: Table) -> Stage:
    faults = [Fault(UNKNOWN_COLUMN, {"column": header}, header, 1) for header in table.custom]
    if roster.mode == "change" and ("starts_on" in table.keys) != ("ends_on" in table.keys):
        faults.append(Fault(ONE_DAY_COLUMN, {}, "starts_on", 1))
    if faults:
        raise InvalidInput(faults=faults)
    id, mode, reader = roster.id, roster.mode, RecordReader(list_kinds(uow), roster.mode)
    return lambda uow, rows: stage_records(uow, id, mode, [reader.read(number, cells) for number, cells in rows])


def _compare(uow: UnitOfWork, roster_id: str) -> Iterator[Fault]:
    told: set[int] = set()
    for columns in ((StagedRecordRow.record_id,), tuple(getattr(StagedRecordRow, name) for name in IDENTITY)):
        for row, _value, first in doubled(uow, roster_id, *columns):
            if row not in told:
                told.add(row)
                yield Fault(TWICE, {"first": first}, "title", row)
    for row in uow.session.scalars(_taken(roster_id)).all():
        if row not in told:
            yield Fault(TAKEN, {}, "title", row)


def _taken(roster_id: str) -> sa.Select[Any]:
    """Rows that would make a record the same as another one."""
    same = (getattr(RecordRow, name) == getattr(StagedRecordRow, name) for name in IDENTITY)
    joined: sa.Select[Any] = sa.select(StagedRecordRow.row).join(
        RecordRow, sa.and_(*same, RecordRow.id != StagedRecordRow.record_id)
    )
    here = joined.where(StagedRecordRow.roster_id == roster_id, StagedRecordRow.action == "changed")
    return here.order_by(StagedRecordRow.row)
