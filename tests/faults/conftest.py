"""One full stack for all tests of faults in a process; each test has a society of its own in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.stack.stack import Stack
from tests.faults.books import hang_up
from tests.faults.office import Office
from tests.faults.site import Site
from tests.servers.stacks import fresh_stack, start_what_died


@pytest.fixture(scope="session")
def shared_stack() -> Iterator[Stack]:
    with fresh_stack() as started:
        yield started
        hang_up(Site.of_stack(started).databases)


@pytest.fixture
def stack(shared_stack: Stack) -> Stack:
    """Whatever an earlier test left dead is started again."""
    start_what_died(shared_stack)
    return shared_stack


@pytest.fixture
def site(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Site:
    """The stack's clock is this process's, too."""
    monkeypatch.setenv("TSUDOI_CLOCK_FILE", str(stack.clock_file))
    return Site.of_stack(stack)


@pytest.fixture(scope="session")
def lasting() -> dict[str, Office]:
    """Societies that several tests look at."""
    return {}
