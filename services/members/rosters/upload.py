"""A roster, or a file of records, arrives, is looked at, confirmed or discarded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from services.members.errors.files import FileTooLarge, RosterNotReady
from services.members.models import RosterFaultRow, RosterPartRow, RosterRow, StagedRecordRow, StagedRow
from shared import audit, jobs
from shared.errors import N_, Fault, InvalidInput
from shared.ids import new_id
from shared.jobs import JobRow
from shared.tables.limits import MEBI, Limits
from shared.uow import UnitOfWork

CHECK = {"members": "check-roster", "records": "check-records"}  # long work, by what the file holds
IMPORT = {"members": "import-roster", "records": "import-records"}
PART = 1 << 20
KEEP = timedelta(days=7)


def upload_roster(
    uow: UnitOfWork, file_name: str, file: IO[bytes], *, holds: str = "members", mode: str = "both"
) -> RosterRow:
    """Keep the file and start the dry run. `holds`: members or records; `mode`: see `RosterRow`.

    Raises FileTooLarge, InvalidInput for an empty file."""
    roster = RosterRow(
        id=new_id(),
        holds=holds,
        mode=mode,
        file_name=file_name[:200],
        size=0,
        uploaded_at=uow.now,
        uploaded_by=uow.actor.name,
        job_id=new_id(),
    )
    uow.add(roster)
    uow.session.flush()
    limit = Limits().max_bytes
    ordinal = 0
    while data := file.read(PART):
        roster.size += len(data)
        if roster.size > limit:
            raise FileTooLarge(limit=limit // MEBI)
        part = RosterPartRow(roster_id=roster.id, ordinal=ordinal, data=data)
        uow.add(part)
        uow.session.flush()
        uow.session.expunge(part)  # its megabyte is in the database now
        ordinal += 1
    if not roster.size:
        raise InvalidInput(faults=[Fault(N_("The file is empty."), field="file")])
    roster.job_id = jobs.start(uow, CHECK[roster.holds], {"roster": roster.id}).id
    return roster


def list_rosters(uow: UnitOfWork, holds: str = "members", limit: int = 20) -> Sequence[RosterRow]:
    """The latest first."""
    statement = sa.select(RosterRow).where(RosterRow.holds == holds).order_by(RosterRow.id.desc())
    return uow.session.scalars(statement.limit(limit)).all()


def check_again(uow: UnitOfWork, id: str) -> JobRow:
    """Repeat the dry run: members or categories may have changed meanwhile."""
    roster = _lock(uow, id)
    if roster.state != "checked":
        raise RosterNotReady
    job = jobs.start(uow, CHECK[roster.holds], {"roster": roster.id})
    roster.state, roster.job_id = "checking", job.id
    return job


def confirm_roster(uow: UnitOfWork, id: str) -> JobRow:
    """Import it, in the background. Raises NotFound, RosterNotReady."""
    roster = _lock(uow, id)
    if not roster.can_be_imported:
        raise RosterNotReady
    checked = jobs.look(uow, roster.job_id)  # or an import that was put back
    read_by = (checked.result or checked.args).get("read_by")
    job = jobs.start(uow, IMPORT[roster.holds], {"roster": roster.id, "read_by": read_by}, total=roster.rows)
    roster.state, roster.job_id = "importing", job.id
    about = {"file": roster.file_name, "rows": roster.rows, "holds": roster.holds, "mode": roster.mode}
    audit.record(uow, "confirm-roster", f"roster/{roster.id}", after=about)
    return job


def discard_roster(uow: UnitOfWork, id: str) -> None:
    """Forget the file and what was read from it. Raises RosterNotReady while it is being imported."""
    checking = uow.get(RosterRow, id)
    if checking.state == "checking":  # first the work and then the roster, as the work itself does
        jobs.cancel(uow, checking.job_id)
    roster = _lock(uow, id)
    if roster.state == "importing":
        raise RosterNotReady
    if roster.state != "imported":
        roster.state = "discarded"
    forget_file(uow, id)
    forget_rows(uow, id)


def _lock(uow: UnitOfWork, id: str) -> RosterRow:
    """Whose import could not come to its end (its process died each time) is as it was before."""
    roster = uow.get(RosterRow, id, lock=True)
    if roster.state == "importing" and jobs.look(uow, roster.job_id or "").state in ("failed", "cancelled"):
        roster.state = "checked"
    return roster


def faults_of(uow: UnitOfWork, id: str, limit: int | None = None) -> Iterator[RosterFaultRow]:
    """In the order of the file."""
    statement = (
        sa.select(RosterFaultRow)
        .where(RosterFaultRow.roster_id == id)
        .order_by(RosterFaultRow.row, RosterFaultRow.ordinal)
    )
    yield from uow.session.scalars(statement.limit(limit).execution_options(yield_per=1_000))


def forget_file(uow: UnitOfWork, id: str) -> None:
    _delete(uow, sa.delete(RosterPartRow).where(RosterPartRow.roster_id == id))


def forget_rows(uow: UnitOfWork, id: str) -> None:
    for staged in (StagedRow, StagedRecordRow):
        _delete(uow, sa.delete(staged).where(staged.roster_id == id))
    _delete(uow, sa.delete(RosterFaultRow).where(RosterFaultRow.roster_id == id))


def forget_old_rosters(uow: UnitOfWork) -> None:
    """Due work: files and rows that nobody imported within a week, or that an import could not put away."""
    left = sa.exists().where(RosterPartRow.roster_id == RosterRow.id)
    waiting = sa.or_(RosterRow.state.in_(("checking", "checked")), sa.and_(RosterRow.state == "imported", left))
    old = sa.select(RosterRow).where(RosterRow.uploaded_at < uow.now - KEEP, waiting)
    for roster in uow.session.scalars(old).all():
        discard_roster(uow, roster.id)


def copy_file(uow: UnitOfWork, id: str, path: Path) -> None:
    """The uploaded file, on the disk of this process."""
    parts = sa.select(RosterPartRow.data).where(RosterPartRow.roster_id == id).order_by(RosterPartRow.ordinal)
    with path.open("wb") as file:
        for data in uow.session.scalars(parts.execution_options(yield_per=4)):
            file.write(data)


def _delete(uow: UnitOfWork, statement: sa.Delete) -> None:
    uow.session.execute(statement, execution_options={"synchronize_session": False})
