"""A full stack for some tests: in a folder that its servers' accounts can reach, gone with its data afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.stack.errors import ServerMissing
from deploy.stack.stack import Stack
from deploy.stack.state import SERVICES
from tests.servers.missing import missing


@contextmanager
def fresh_stack(*, services: Sequence[str] = SERVICES, web_workers: int = 1, standby: bool = False) -> Iterator[Stack]:
    """A loud skip where a server cannot be had."""
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-test-stack-"))
    folder.chmod(0o711)
    try:
        started = Stack.start(folder / "home", services=services, web_workers=web_workers, standby=standby)
    except ServerMissing as trouble:
        shutil.rmtree(folder)
        missing("full stack", str(trouble))
    try:
        yield started
    finally:
        started.remove()
        shutil.rmtree(folder, ignore_errors=True)


def start_what_died(stack: Stack) -> None:
    """As its supervisor would."""
    for name in stack.state.processes:
        if name != "epmd" and not stack.ready(name):
            kind, _, service = name.partition("-")
            stack.restart(kind, service or None)
