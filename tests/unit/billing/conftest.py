"""Offices for the tests of billing: on SQLite, and on PostgreSQL for what must hold there too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.plugin import FreshDatabase
from tests.unit.billing import office as offices
from tests.unit.billing.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A society without members, on SQLite, with the fees of 2026."""
    opened = offices.start(f"sqlite:///{tmp_path}/billing.db", tmp_path)
    opened.set_fees()
    yield opened
    opened.running.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def either_office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """The same on both databases, one after the other."""
    if request.param == "sqlite":
        yield request.getfixturevalue("office")
        return
    fresh: FreshDatabase = request.getfixturevalue("fresh_database")
    opened = offices.start(fresh("billing", migrated=True).app_url, tmp_path, migrated=True)
    opened.set_fees()
    yield opened
    opened.running.stop()
