"""Requests that met another transaction are answered anew; never where something was committed already."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask, request

from shared.trouble import TRIES_AGAIN
from shared.web import again, problems


class Conflict(sa.exc.OperationalError):
    """As PostgreSQL tells it."""

    def __init__(self, state: str = "40P01") -> None:
        cause = psycopg.errors.lookup(state)("injected")
        super().__init__("", {}, cause)


class Running:
    """Counts as a running service does."""

    commits = 0


@pytest.fixture
def told() -> list[str]:
    """What the view was given, each time."""
    return []


@pytest.fixture
def app(told: list[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    app = Flask(__name__)
    running = Running()
    app.extensions["tsudoi"] = running
    monkeypatch.setattr(problems, "gettext", lambda text, **_: text)
    monkeypatch.setattr(problems, "wants_problem", lambda: True)

    @app.post("/<int:failures>/<int:commits>/<state>")
    def view(failures: int, commits: int, state: str) -> str:
        told.append(request.stream.read().decode())
        running.commits += commits
        if len(told) <= failures:
            raise Conflict(state)
        return "done"

    again.install(app)
    problems.install(app)
    yield app


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03", "23505"])
def test_the_whole_request_again_with_its_body(app: Flask, told: list[str], state: str) -> None:
    answer = app.test_client().post(f"/3/0/{state}", data=b"body")
    assert (answer.status_code, answer.text) == (200, "done")
    assert told == ["body"] * 4


def test_in_the_end_503_and_when_to_come_again(app: Flask, told: list[str]) -> None:
    answer = app.test_client().post("/99/0/40001", data=b"body")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert len(told) == TRIES_AGAIN + 1


def test_what_cannot_be_stored_twice_is_a_conflict_in_the_end(app: Flask, told: list[str]) -> None:
    assert app.test_client().post("/99/0/23505", data=b"").status_code == 409


def test_never_after_a_commit(app: Flask, told: list[str]) -> None:
    assert app.test_client().post("/1/1/40P01", data=b"body").status_code == 503
    assert told == ["body"]


@pytest.mark.parametrize("options", [{"data": b"x" * (again.LARGEST_BODY + 1)}, {"input_stream": BytesIO(b"x")}])
def test_a_body_that_was_not_kept_is_read_once(app: Flask, told: list[str], options: dict[str, Any]) -> None:
    if "input_stream" in options:
        options["headers"] = {"Transfer-Encoding": "chunked"}
    assert app.test_client().post("/1/0/40P01", **options).status_code == 503
    assert len(told) == 1


def test_other_errors_are_not_repeated(app: Flask, told: list[str]) -> None:
    assert app.test_client().post("/1/0/23514", data=b"").status_code == 500
    assert len(told) == 1
