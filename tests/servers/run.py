"""What the processes of one test run share: a folder, a lock, and notes about the servers that one of them started.

With pytest-xdist whichever worker needs a server first starts it; the process that began the run stops all of them at
its end, also after a worker crashed."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

Notes = dict[str, Any]


class Run:
    """One run of pytest, over all its processes."""

    def __init__(self, config: pytest.Config) -> None:
        folder = Path(str(config._tmp_path_factory.getbasetemp()))  # type: ignore[attr-defined]
        self.worker: str = getattr(config, "workerinput", {}).get("workerid", "main")
        self.leads = self.worker == "main"
        self.folder = folder if self.leads else folder.parent

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        with open(self.folder / f"{name}.lock", "w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def once(self, name: str, make: Callable[[], Notes]) -> Notes:
        """The notes of this name; made by the first process that asks. A failure is noted too: nobody tries again."""
        path = self.folder / f"{name}.json"
        with self.lock(name):
            if not path.exists():
                path.write_text(json.dumps(make()))
            notes: Notes = json.loads(path.read_text())
        return notes

    def notes(self, name: str) -> Notes | None:
        path = self.folder / f"{name}.json"
        if not path.exists():
            return None
        notes: Notes = json.loads(path.read_text())
        return notes
