"""One world per test: on SQLite, and where a test asks for it on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.payments import asking
from services.payments.patience import Patience
from services.payments.service import SERVICE
from shared.migrations import migrate
from tests.servers.plugin import FreshDatabase
from tests.unit.payments.world import World


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("payments") / "migrated.db"
    migrate(SERVICE, f"sqlite:///{path}")
    return path


@pytest.fixture(autouse=True)
def fresh_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has met a silent provider is not the one of the next test."""
    monkeypatch.setattr(asking, "_patience", Patience())


@pytest.fixture
def world(tmp_path: Path, migrated: Path) -> Iterator[World]:
    made = World(tmp_path, f"sqlite:///{shutil.copy(migrated, tmp_path / 'payments.db')}")
    yield made
    made.stop()


@pytest.fixture
def pg_world(tmp_path: Path, fresh_database: FreshDatabase) -> Iterator[World]:
    """The same on PostgreSQL, as the service's own role."""
    made = World(tmp_path, fresh_database("payments", migrated=True).app_url)
    yield made
    made.stop()
