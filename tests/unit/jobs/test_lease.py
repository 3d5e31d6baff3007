"""A runner that was held up for longer than its lease does nothing more: another one has the work in hand. One that met
other transactions comes again, later each time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from psycopg.errors import LockNotAvailable

from shared import audit, clock, jobs, people  # noqa: F401  (their tables)
from shared.bus import inbox, ticks  # noqa: F401
from shared.db import KitBase
from shared.jobs import JobRun
from shared.service import RunningService, Service
from shared.settings import Settings
from shared.society import SocietyRow

SOCIETY = "019f0000-0000-7000-8000-00000000000a"


def count_to_three(run: JobRun) -> None:
    for step in range(run.cursor or 0, 3):
        with run.chunk(cursor=step + 1, done=1) as uow:
            audit.record(uow, "count", f"step/{step}")


def held_up(run: JobRun) -> None:
    """Between two chunks this process stands still, and another one takes over and finishes."""
    with run.chunk(cursor=1, done=1) as uow:
        audit.record(uow, "count", "step/0")
    with clock.travel(by=jobs.LEASE + timedelta(seconds=1)):
        other = RunningService(
            Service(**{**vars(run.running.service), "long_work": {"count": count_to_three}}), run.running.settings
        )
        assert jobs.run_next(other)
        other.stop()
    with run.chunk(cursor=2, done=1) as uow:
        audit.record(uow, "count", "too late")


def meet_others(run: JobRun) -> None:
    """As often as asked for, before the second of two chunks."""
    if not run.done:
        with run.chunk(done=1):
            pass
    if jobs._met[run.id] < run.args["times"]:
        raise sa.exc.DBAPIError("SELECT", None, LockNotAvailable())
    with run.chunk(done=1):
        pass


class Killed(BaseException):
    """As a process ends that is killed: nothing is put back, and nobody is told."""


def die_at_the_same_place(run: JobRun) -> None:
    """Work that begins anew each time, and gets no further than the last time."""
    with run.chunk():
        run.done = 0
    with run.chunk(done=5):
        pass
    raise Killed


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    work = {"count": held_up, "meet": meet_others, "die": die_at_the_same_place}
    service = Service(name="members", package="services.members", metadata=sa.MetaData(), long_work=work)
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    started = service.start(Settings(service="members", database=url, secret="x" * 32, token_public=tmp_path / "none"))
    KitBase.metadata.create_all(started.engine)
    with started.session() as session:
        session.add(
            SocietyRow(
                id=SOCIETY, revision=1, slug="a", name="学会", name_en="A", zone="Asia/Tokyo", fiscal_year_starts=4
            )
        )
    yield started
    started.stop()


@pytest.mark.rule("B2")
def test_a_runner_that_was_overtaken_stops(running: RunningService) -> None:
    with running.unit(SOCIETY) as uow:
        job = jobs.start(uow, "count", {}, total=3)
    assert jobs.run_next(running)
    with running.unit(SOCIETY, reading=True) as uow:
        row = jobs.look(uow, job.id)
        assert (row.state, row.done, row.error) == ("done", 3, None)
        steps = uow.session.scalars(sa.select(audit.AuditRow.subject).order_by(audit.AuditRow.subject)).all()
        assert list(steps) == ["step/0", "step/1", "step/2"]


@pytest.mark.rule("F7")
@pytest.mark.parametrize(
    ("times", "state", "error"),
    [(3 * jobs.ATTEMPTS, "done", None), (10 * jobs.MEETINGS, "failed", "DBAPIError")],
)
def test_work_that_meets_others_comes_again_later_and_not_for_ever(
    running: RunningService, times: int, state: str, error: str | None
) -> None:
    with running.unit(SOCIETY) as uow:
        job = jobs.start(uow, "meet", {"times": times}, total=2)
    assert jobs.run_next(running)
    assert not jobs.run_next(running), "it rests for a moment"
    for minute in range(2 * jobs.MEETINGS):
        with clock.travel(by=timedelta(minutes=minute)):
            jobs.run_next(running)
    with running.unit(SOCIETY, reading=True) as uow:
        row = jobs.look(uow, job.id)
        assert (row.state, row.error, row.done) == (state, error, 2 if state == "done" else 1)


@pytest.mark.rule("F7")
def test_what_kills_its_process_at_the_same_place_each_time_is_given_up(running: RunningService) -> None:
    with running.unit(SOCIETY) as uow:
        job = jobs.start(uow, "die", {}, total=10)
    deaths = 0
    for minute in range(4 * jobs.ATTEMPTS):
        with clock.travel(by=timedelta(minutes=2 * minute)):
            try:
                jobs.run_next(running)
            except Killed:
                deaths += 1
    with running.unit(SOCIETY, reading=True) as uow:
        row = jobs.look(uow, job.id)
        assert (row.state, row.done, deaths) == ("failed", 5, jobs.ATTEMPTS + 1)
