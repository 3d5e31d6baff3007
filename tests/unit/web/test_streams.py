"""Live progress of long work."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shared import jobs
from shared.identity import Actor, Role
from shared.ids import new_id
from shared.service import RunningService
from shared.web import streams
from tests.unit.web.conftest import SOCIETY, LogIn


@pytest.fixture
def job(running: RunningService) -> str:
    with running.unit(SOCIETY, actor=Actor()) as uow:
        return jobs.start(uow, "sample", {}, total=10).id


def events_in(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines())
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_the_stream_of_finished_work_says_so_and_ends(running: RunningService, job: str, log_in: LogIn) -> None:
    with running.unit(SOCIETY) as uow:
        row = jobs.look(uow, job)
        row.state, row.done = "done", 10
    answer = log_in(Role.READER).get(f"/sample/jobs/{job}/stream")
    assert answer.mimetype == "text/event-stream"
    events = events_in(answer.text)
    assert [name for name, _ in events] == ["progress", "over"]
    assert (events[0][1]["percent"], events[0][1]["label"]) == (100, "完了")


def test_progress_is_shown_as_it_happens(running: RunningService, job: str, log_in: LogIn) -> None:
    chunks = log_in(Role.READER).get(f"/sample/jobs/{job}/stream").iter_encoded()
    assert b"retry" in next(chunks)
    assert events_in(next(chunks).decode())[0][1]["done"] == 0
    with running.unit(SOCIETY) as uow:
        row = jobs.look(uow, job)
        row.state, row.done = "running", 4
    assert events_in(next(chunks).decode())[0][1]["percent"] == 40


def test_a_stream_ends_by_itself_so_that_no_thread_is_held(
    monkeypatch: pytest.MonkeyPatch, job: str, log_in: LogIn
) -> None:
    monkeypatch.setattr(streams, "LENGTH_SECONDS", 0.0)
    assert [name for name, _ in events_in(log_in(Role.READER).get(f"/sample/jobs/{job}/stream").text)] == ["progress"]


def test_members_and_strangers_see_no_work(job: str, log_in: LogIn) -> None:
    assert log_in(Role.MEMBER).get(f"/sample/jobs/{job}/stream").status_code == 403
    assert log_in(Role.READER).get(f"/sample/jobs/{new_id()}/stream").status_code == 404
