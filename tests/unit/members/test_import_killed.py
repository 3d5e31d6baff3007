"""An import that is killed anywhere is all or nothing, and goes on when it is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from services.members.rosters.upload import confirm_roster, upload_roster
from shared import clock, jobs
from shared.messages.members import PersonChanged
from shared.service import RunningService
from tests.unit.members.conftest import check, members_of, roster_now, said, work

ROOT = Path(__file__).parents[3]
ROWS = 1_200
DIE_AT = """
import os, signal, sys
from pathlib import Path
from tests.unit.members.conftest import start
from services.members.rosters import {module}
from shared import jobs
running = start(sys.argv[1], Path(sys.argv[2]))
real, calls = {module}.{function}, 0
def dying(*args, **kwargs):
    global calls
    calls += 1
    if calls > {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args, **kwargs)
{module}.{function} = dying
{module}.CHUNK = 200
jobs.run_next(running)
"""


def roster() -> bytes:
    lines = ["会員番号,氏名,会員種別", *(f"{i},会員 {i},正会員" for i in range(ROWS))]
    return "\n".join(lines).encode()


def die(running: RunningService, folder: Path, module: str, function: str, after: int) -> None:
    """Do the next long work in a process of its own that is killed in the middle."""
    code = DIE_AT.format(module=module, function=function, after=after)
    command = [sys.executable, "-c", code, running.settings.database, str(folder)]
    ended = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120)
    assert ended.returncode == -signal.SIGKILL


def go_on(running: RunningService) -> None:
    with clock.travel(by=timedelta(minutes=3)):  # the dead runner's lease has run out
        work(running)


@pytest.mark.rule("M10")
@pytest.mark.rule("F7")
@pytest.mark.parametrize(
    ("function", "after"),
    [("_record", 0), ("_tell", 0), ("_tell", 3), ("_insert_new", 0), ("_update_changed", 0), ("forget_file", 0)],
)
def test_a_killed_import_did_nothing_or_everything_and_is_finished_later(
    running: RunningService, society: str, tmp_path: Path, function: str, after: int
) -> None:
    done = check(running, society, roster())
    with running.unit(society) as uow:
        job = confirm_roster(uow, done.id)
    die(running, tmp_path, "importing", function, after)
    heard = [message for message in said(running) if isinstance(message, PersonChanged)]
    assert (len(members_of(running, society)), len(heard)) in ((0, 0), (ROWS, ROWS))
    go_on(running)
    assert roster_now(running, society, done.id).state == "imported"
    with running.unit(society, reading=True) as uow:
        assert jobs.look(uow, job.id).state == "done"
    assert len(members_of(running, society)) == ROWS
    heard = [message for message in said(running) if isinstance(message, PersonChanged)]
    assert len({message.person.id for message in heard}) == len(heard) == ROWS


@pytest.mark.rule("F7")
@pytest.mark.parametrize(("function", "after"), [("stage", 2), ("find_doubles", 0), ("_conclude", 0)])
def test_a_killed_dry_run_begins_anew(
    running: RunningService, society: str, tmp_path: Path, function: str, after: int
) -> None:
    with running.unit(society) as uow:
        roster_id = upload_roster(uow, "roster.csv", BytesIO(roster())).id
    die(running, tmp_path, "check", function, after)
    assert members_of(running, society) == []
    go_on(running)
    done = roster_now(running, society, roster_id)
    assert (done.state, done.new, done.faults) == ("checked", ROWS, 0)
