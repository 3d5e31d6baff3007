"""The dry run: every row is read, matched with the members by number, else by e-mail, and staged as the member that it
would become; then what is doubled within the file is looked for. Nothing of the members changes.

Files of records go the same way (`check_file`), see records/check.py."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import sqlalchemy as sa

from services.members.categories import list_categories
from services.members.custom_fields.finding import list_fields, revisions
from services.members.models import CustomFieldRow, RosterFaultRow, RosterRow, StagedRecordRow, StagedRow
from services.members.rosters.columns import COLUMNS, custom_columns
from services.members.rosters.differences import count_differences
from services.members.rosters.doubles import find_doubles
from services.members.rosters.reading import RowReader
from services.members.rosters.staff_addresses import find_moved_addresses
from services.members.rosters.staging import stage
from services.members.rosters.upload import copy_file, forget_rows
from shared.db import insert_rows
from shared.errors import N_, Fault, InvalidInput
from shared.ids import new_id
from shared.jobs import JobRun
from shared.tables import Column, Table, read_table
from shared.uow import UnitOfWork

Thing = TypeVar("Thing")

CHUNK = 5_000
MOST_CUSTOM = 60
_COUNTED = ("new", "changed", "removed", "same")  # what a row does
MOST_FAULTS = 100_000  # kept; beyond that only counted


Cells = tuple[int, Mapping[str, str]]  # number of the row, its cells by column
Stage = Callable[[UnitOfWork, Sequence[Cells]], Iterable[Fault]]


@dataclass(frozen=True)
class Contents:
    """What is particular to a file: its columns, and where its rows are staged.

    `begin` gets the header and gives back what stages a batch of rows and tells their faults (raises InvalidInput);
    `compare` tells the faults that show only when all rows are staged; `count`: how many rows change which field;
    `read_by`: revisions of the custom fields, by which the import sees whether they are what they were."""

    columns: Sequence[Column]
    staged: type[StagedRow] | type[StagedRecordRow]
    begin: Callable[[UnitOfWork, RosterRow, Table], Stage]
    compare: Callable[[UnitOfWork, str], Iterable[Fault]]
    count: Callable[[UnitOfWork, str], dict[str, int]]
    read_by: Mapping[str, int] = field(default_factory=dict)


def check_roster(run: JobRun) -> None:
    """Long work. When it was interrupted it begins anew: nothing outside the staged rows is touched."""
    with run.look() as uow:
        fields = list_fields(uow)
    columns = (*COLUMNS, *custom_columns(fields))
    begin = partial(_begin_reading, fields)
    check_file(run, Contents(columns, StagedRow, begin, _compare, count_differences, revisions(fields)))


def check_file(run: JobRun, contents: Contents) -> None:
    """The dry run of one file, whatever it holds."""
    roster_id = run.args["roster"]
    with TemporaryDirectory(prefix="tsudoi-roster-") as folder:
        path = Path(folder) / "roster"
        with run.chunk() as uow:
            run.done = 0
            forget_rows(uow, roster_id)
            _begin(uow, roster_id)
            copy_file(uow, roster_id, path)
        faults: list[Fault] = []
        try:
            table = read_table(path, columns=contents.columns)
            _stage_all(run, roster_id, table, contents, estimate_rows(path))
            faults += table.faults
        except InvalidInput as error:
            faults += error.faults
    with run.chunk() as uow:
        keep_faults(uow, roster_id, faults)
        keep_faults(uow, roster_id, contents.compare(uow, roster_id))
        _conclude(uow, run, roster_id, contents)


def estimate_rows(path: Path) -> int:
    """About how many rows a file has, for the progress bar only."""
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            return max(1, sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b"")) - 1)
    with zipfile.ZipFile(path) as archive:
        sheets = [entry for entry in archive.infolist() if entry.filename.startswith("xl/worksheets/sheet")]
        if not sheets:
            return 1
        with archive.open(max(sheets, key=lambda entry: entry.file_size)) as part:
            return max(1, sum(piece.count(b"</row>") for piece in iter(lambda: part.read(1 << 20), b"")) - 1)


def keep_faults(uow: UnitOfWork, roster_id: str, faults: Iterable[Fault]) -> None:
    """Count them all, and store as many as people can ever look at."""
    roster = uow.get(RosterRow, roster_id, lock=True)
    for some in _batches(iter(faults), CHUNK):
        kept = some[: max(0, MOST_FAULTS - roster.faults)]
        rows = [_fault_row(uow, roster_id, ordinal, fault) for ordinal, fault in enumerate(kept, start=roster.faults)]
        roster.faults += len(some)
        insert_rows(uow.session, RosterFaultRow, rows)


def _begin(uow: UnitOfWork, roster_id: str) -> None:
    roster = uow.get(RosterRow, roster_id, lock=True)
    roster.rows = roster.new = roster.changed = roster.removed = roster.same = roster.faults = 0
    roster.custom, roster.differing = [], {}


def _begin_reading(fields: Sequence[CustomFieldRow], uow: UnitOfWork, roster: RosterRow, table: Table) -> Stage:
    if len(table.custom) > MOST_CUSTOM:
        text = N_("The file has %(count)s columns that are not known; at most %(most)s are kept.")
        raise InvalidInput(faults=[Fault(text, {"count": len(table.custom), "most": MOST_CUSTOM}, row=1)])
    roster.custom = list(table.custom)
    id, mode, reader = roster.id, roster.mode, RowReader(list_categories(uow), table.custom, fields)
    return lambda uow, rows: stage(uow, id, [reader.read(number, cells) for number, cells in rows], mode)


def _compare(uow: UnitOfWork, roster_id: str) -> Iterator[Fault]:
    yield from find_doubles(uow, roster_id)
    yield from find_moved_addresses(uow, roster_id)


def _stage_all(run: JobRun, roster_id: str, table: Table, contents: Contents, about: int) -> None:
    with run.chunk(total=about) as uow:
        stage_rows = contents.begin(uow, uow.get(RosterRow, roster_id, lock=True), table)
    for rows in _batches(table.rows(), CHUNK):
        with run.chunk(done=len(rows)) as uow:
            keep_faults(uow, roster_id, stage_rows(uow, rows))
    if not run.done:
        raise InvalidInput(faults=[Fault(N_("The file has no rows below its header."))])


def _conclude(uow: UnitOfWork, run: JobRun, roster_id: str, contents: Contents) -> None:
    roster, staged = uow.get(RosterRow, roster_id, lock=True), contents.staged
    statement = sa.select(staged.action, sa.func.count()).where(staged.roster_id == roster_id).group_by(staged.action)
    counts = {str(action): count for action, count in uow.session.execute(statement).all()}
    for action in _COUNTED:
        setattr(roster, action, counts.get(action, 0))
    roster.rows = sum(counts.values())
    roster.differing = contents.count(uow, roster_id)
    roster.state = "checked"
    counted = {name: getattr(roster, name) for name in ("rows", *_COUNTED, "faults")}
    run.finish(uow, {**counted, "read_by": dict(contents.read_by)})


def _fault_row(uow: UnitOfWork, roster_id: str, ordinal: int, fault: Fault) -> dict[str, object]:
    return {
        "society_id": uow.society_id,
        "id": new_id(),
        "roster_id": roster_id,
        "ordinal": ordinal,
        "row": fault.row or 0,
        "column": fault.field or "",
        "text": fault.text,
        "params": fault.params,
    }


def _batches(things: Iterator[Thing], size: int) -> Iterator[list[Thing]]:
    while batch := list(islice(things, size)):
        yield batch
