"""One full stack for all tests of faults in a process; each test has a society of its own in it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.stack.errors import ServerMissing
from deploy.stack.stack import Stack
from tests.faults.books import hang_up
from tests.faults.office import Office
from tests.faults.site import Site
from tests.servers.missing import missing


@pytest.fixture(scope="session")
def shared_stack() -> Iterator[Stack]:
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-test-faults-"))
    folder.chmod(0o711)
    try:
        started = Stack.start(folder / "home", web_workers=1)
    except ServerMissing as trouble:
        shutil.rmtree(folder)
        missing("full stack", str(trouble))
    yield started
    hang_up(Site.of_stack(started).databases)
    started.remove()
    shutil.rmtree(folder)


@pytest.fixture
def stack(shared_stack: Stack) -> Stack:
    """Whatever an earlier test left dead is started again."""
    for name in shared_stack.state.processes:
        if name != "epmd" and not shared_stack.ready(name):
            kind, _, service = name.partition("-")
            shared_stack.restart(kind, service or None)
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
