"""members on SQLite, in a folder of the test: two societies, and what tests do again and again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.members.service import SERVICE
from services.members.settings import MembersSettings
from services.members.societies import create_society
from shared.identity import make_keys
from shared.ids import new_id
from shared.migrations import migrate
from shared.service import RunningService


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables, copied by each test."""
    path = tmp_path_factory.mktemp("members") / "members.db"
    migrate(SERVICE, f"sqlite:///{path}")
    return path


@pytest.fixture
def running(tmp_path: Path, migrated: Path) -> Iterator[RunningService]:
    database = tmp_path / "members.db"
    database.write_bytes(migrated.read_bytes())
    private, public = make_keys(tmp_path / "keys")
    settings = MembersSettings(
        service="members",
        database=f"sqlite:///{database}",
        secret="s" * 32,
        token_public=public,
        token_key=private,
        home=tmp_path,
        public_url="http://127.0.0.1:8000",
    )
    started = SERVICE.start(settings)
    yield started
    started.stop()


def make_society(running: RunningService, slug: str) -> str:
    id = new_id()
    with running.unit(id) as uow:
        create_society(uow, slug=slug, name=f"{slug} 学会", name_en=f"Society {slug}")
    return id


@pytest.fixture
def society(running: RunningService) -> str:
    return make_society(running, "kaisei")
