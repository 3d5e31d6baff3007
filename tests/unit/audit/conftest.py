"""Each service running on SQLite with two societies, entries in its audit trail, and people who are logged in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from shared import audit
from shared.audit.rows import ChainRow
from shared.audit.sealing import seal_new
from shared.cli import service_named
from shared.identity import Actor, Role, make_keys
from shared.ids import new_id
from shared.migrations import migrate
from shared.service import RunningService
from shared.society import SocietyRow
from shared.web.app import create_app
from tests.tokens import token_of

SOCIETY, OTHER = new_id(), new_id()
CLERK = Actor(kind="person", id=new_id(), name="事務局 花子")
Open = Callable[[str], RunningService]
LogIn = Callable[..., FlaskClient]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The database file of a service, migrated once and copied by each test."""
    folder = tmp_path_factory.mktemp("audit")

    def make(name: str) -> Path:
        path = folder / f"{name}.db"
        if not path.exists():
            migrate(service_named(name), f"sqlite:///{path}")
        return path

    return make


@pytest.fixture
def open_service(tmp_path: Path, migrated: Callable[[str], Path]) -> Iterator[Open]:
    started: list[RunningService] = []

    def make(name: str) -> RunningService:
        private, public = make_keys(tmp_path / "keys")
        environment = {
            f"TSUDOI_DATABASE_{name.upper()}": f"sqlite:///{shutil.copy(migrated(name), tmp_path / f'{name}.db')}",
            "TSUDOI_SECRET": "s" * 32,
            "TSUDOI_TOKEN_PUBLIC": str(public),
            "TSUDOI_TOKEN_KEY": str(private),
            "TSUDOI_HOME": str(tmp_path),
        }
        service = service_named(name)
        running = service.start(service.settings.load(name, environment))
        started.append(running)
        add_societies(running)
        return running

    yield make
    for each in started:
        each.stop()


@pytest.fixture
def running(open_service: Open) -> RunningService:
    return open_service("billing")


@pytest.fixture
def log_in(tmp_path: Path) -> LogIn:
    """`log_in(running, Role.ADMINISTRATOR)`: a browser in which somebody is logged in; without roles, nobody."""
    apps: dict[str, Flask] = {}

    def make(running: RunningService, *roles: Role, society: str = SOCIETY, language: str = "ja") -> FlaskClient:
        apps[running.name] = apps.get(running.name) or create_app(running)
        browser = apps[running.name].test_client()
        if roles:
            key = (tmp_path / "keys" / "token-private.pem").read_bytes()
            token = token_of(key, *roles, society=society, person=new_id(), name="管理 太郎", language=language)
            browser.set_cookie("tsudoi_token", token)
        return browser

    return make


def add_societies(running: RunningService) -> None:
    with running.session() as session:
        for id, slug in ((SOCIETY, "kaisei"), (OTHER, "minato")):
            names = {"slug": slug, "name": f"{slug} 学会", "name_en": f"Society {slug}"}
            session.add(SocietyRow(id=id, revision=1, zone="Asia/Tokyo", fiscal_year_starts=4, **names))


def record(running: RunningService, *subjects: str, society: str = SOCIETY, **what: Any) -> None:
    """An entry for each subject, in the order given, each in a transaction of its own."""
    for subject in subjects:
        with running.unit(society, actor=CLERK) as uow:
            audit.record(
                uow, what.get("action", "change-fee"), subject, before=what.get("before"), after=what.get("after")
            )


def sealed(running: RunningService, count: int, society: str = SOCIETY) -> RunningService:
    """With so many entries, all of them sealed."""
    record(running, *(f"fee/{n}" for n in range(1, count + 1)), society=society, before={"n": 1}, after={"n": 2})
    seal_new(running)
    return running


def chain_of(running: RunningService, society: str = SOCIETY) -> list[tuple[int, str]]:
    """Numbers and hashes, in order."""
    with running.unit(society, reading=True) as uow:
        rows = uow.session.scalars(sa.select(ChainRow).order_by(ChainRow.number))
        return [(row.number, row.hash) for row in rows]


def as_superuser(running: RunningService, *statements: str) -> None:
    """Whoever owns the database takes its guards away first."""
    with running.engine.begin() as connection:
        guards = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        for each in guards:
            connection.execute(sa.text(f"DROP TRIGGER {each}"))
        for each in statements:
            connection.execute(sa.text(each))
