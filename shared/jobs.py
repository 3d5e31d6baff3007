"""Long work (runs, imports, bulk mail) as a row with progress: done chunk by chunk, each chunk in a transaction of its
own together with its progress, so that it can be killed anywhere and goes on from there; cancellable; shown live."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared import clock
from shared.db import Id, Json, KitBase, UtcDateTime
from shared.errors import N_, Kind, TsudoiError
from shared.identity import Actor
from shared.ids import new_id
from shared.service import RunningService
from shared.society import SocietyOwned
from shared.trouble import again, database_is_down, is_contention, stood_still
from shared.uow import UnitOfWork

log = structlog.get_logger()

LEASE = timedelta(seconds=60)  # a runner that is silent for longer is dead; another one goes on
ATTEMPTS = 5  # without any progress in between
MEETINGS = 50  # so often, without progress, others may be in the way before that counts as an attempt: for minutes
LONGEST_WAIT = 30.0  # seconds, between two meetings

DIED = N_("The process that worked on it died each time.")

_met: Counter[str] = Counter()  # by job id, in this process


class JobRow(SocietyOwned, KitBase):
    """One piece of long work. `cursor` says how far it has come, in the words of its kind."""

    __tablename__ = "jobs"
    __table_args__ = (sa.Index("ix_jobs_open", "state", "leased_until"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(default="queued")  # queued | running | done | failed | cancelled
    args: Mapped[dict[str, Any]] = mapped_column(Json)
    cursor: Mapped[Any] = mapped_column(Json, nullable=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(Json)
    error: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0)
    actor_id: Mapped[str | None]
    actor_name: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")


class JobCancelled(TsudoiError):
    kind = Kind.CONFLICT
    text = N_("This was cancelled.")


def start(uow: UnitOfWork, kind: str, args: Mapping[str, Any], *, total: int = 0) -> JobRow:
    """Queue long work in this transaction; a worker takes it up after the commit."""
    job = JobRow(id=new_id(), kind=kind, args=dict(args), total=total, actor_id=uow.actor.id, actor_name=uow.actor.name)
    uow.session.info["work_started"] = True
    return uow.add(job)


def look(uow: UnitOfWork, id: str) -> JobRow:
    """The state of a piece of long work, for its progress display. Raises NotFound."""
    return uow.get(JobRow, id)


def cancel(uow: UnitOfWork, id: str) -> JobRow:
    """Stop after the chunk that is being worked on; what is done stays done."""
    job = uow.get(JobRow, id, lock=True)
    if not job.is_over:
        job.state, job.finished_at = "cancelled", uow.now
    return job


class JobRun:
    """A piece of long work in the hands of a worker; passed to the functions in `Service.long_work`."""

    def __init__(self, running: RunningService, job: JobRow) -> None:
        self.running = running
        self.id = job.id
        self.kind = job.kind
        self.args = job.args
        self.cursor: Any = job.cursor
        self.done = job.done
        self.society_id = job.society_id
        self.lease = job.leased_until
        self.actor = Actor(kind="person", id=job.actor_id, name=job.actor_name) if job.actor_id else Actor()

    @contextmanager
    def chunk(self, *, cursor: Any = None, done: int = 0, total: int | None = None) -> Iterator[UnitOfWork]:
        """One transaction of the work. At its end the progress is stored in it: `done` more things, now at `cursor`
        (both may also be set on this object inside). Raises JobCancelled if somebody cancelled meanwhile."""
        if cursor is not None:
            self.cursor = cursor
        with self.running.unit(self.society_id, actor=self.actor) as uow:
            job = uow.get(JobRow, self.id, lock=True)
            if job.state != "running" or job.leased_until != self.lease:
                raise JobCancelled  # or this runner was held up for so long that another one has taken over
            yield uow
            self.done += done
            if self.done > job.done or self.cursor != job.cursor:  # what begins anew may die at the same place again
                job.attempts = 0
                _met.pop(self.id, None)
            job.cursor, job.done = self.cursor, max(job.done, self.done)
            if total is not None:
                job.total = total
            job.leased_until = clock.now() + LEASE
        self.lease = job.leased_until

    @contextmanager
    def look(self) -> Iterator[UnitOfWork]:
        """A read-only transaction, for finding out what there is to do."""
        with self.running.unit(self.society_id, actor=self.actor, reading=True) as uow:
            yield uow

    def finish(self, uow: UnitOfWork, result: Mapping[str, Any]) -> None:
        """Store the result; call inside the last chunk. Without it the work ends with an empty result."""
        uow.get(JobRow, self.id).result = dict(result)


def run_next(running: RunningService) -> bool:
    """Take up one piece of queued or abandoned work and do it to its end. False if there is none."""
    job = _take(running)
    if job is None:
        return False
    run = JobRun(running, job)
    try:
        running.service.long_work[job.kind](run)
    except JobCancelled:
        _met.pop(job.id, None)
        return True
    except Exception as error:
        if database_is_down(error) or stood_still(error):
            raise
        if is_contention(error):  # the chunk is undone whole: from its beginning, by whoever is free
            log.warning("long work met others", service=running.name, job=job.id, kind=job.kind, error=repr(error))
            again(partial(_put_back, running, run, error))
            return True
        log.exception("long work failed", service=running.name, job=job.id, kind=job.kind)
        again(partial(_end, running, run, error))
        return True
    again(partial(_end, running, run, None))
    return True


def _take(running: RunningService) -> JobRow | None:
    now = clock.now()
    rested = sa.or_(JobRow.leased_until.is_(None), JobRow.leased_until < now)
    free = sa.and_(JobRow.state.in_(("queued", "running")), rested)
    for society in running.societies():
        with running.unit(society) as uow:
            job = _first_free(uow.session, sa.and_(free, JobRow.kind.in_(running.service.long_work)))
            if job is None:
                continue
            job.state, job.leased_until, job.attempts = "running", now + LEASE, job.attempts + 1
            if job.attempts <= ATTEMPTS:
                return job
            job.state, job.finished_at, job.error = "failed", now, job.error or DIED
    return None


def _first_free(session: Session, free: sa.ColumnElement[bool]) -> JobRow | None:
    statement = sa.select(JobRow).where(free).order_by(JobRow.id).limit(1).with_for_update(skip_locked=True)
    return session.scalars(statement).one_or_none()


def _put_back(running: RunningService, job: JobRun, error: Exception) -> None:
    """For another time, later each time. Nothing is wrong with the work: an attempt is given back."""
    _met[job.id] += 1
    wait = random.uniform(0.3, 1.0) * min(LONGEST_WAIT, 0.05 * 2.0 ** _met[job.id])
    with running.unit(job.society_id) as uow:
        row = uow.get(JobRow, job.id, lock=True)
        if row.is_over or row.leased_until != job.lease:
            return
        row.state, row.leased_until = "queued", clock.now() + timedelta(seconds=wait)
        if _met[job.id] <= MEETINGS:
            row.attempts = max(0, row.attempts - 1)
        else:
            row.error = type(error).__name__


def _end(running: RunningService, job: JobRun, error: Exception | None) -> None:
    _met.pop(job.id, None)
    with running.unit(job.society_id) as uow:
        row = uow.get(JobRow, job.id, lock=True)
        if row.is_over or row.leased_until != job.lease:
            return
        row.finished_at = uow.now
        row.state = "failed" if error else "done"
        row.error = None if error is None else str(error) if isinstance(error, TsudoiError) else type(error).__name__
        row.total = row.total or row.done


def abandon_leases(running: RunningService) -> None:
    """On a start of the only worker of a service (onebox): what the last process held may be taken up at once."""
    for society in running.societies():
        with running.unit(society) as uow:
            uow.session.execute(
                sa.update(JobRow).where(JobRow.state == "running").values(leased_until=clock.now() - LEASE)
            )
