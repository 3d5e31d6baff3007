"""Which process of a parallel run takes which tests: a file stays together, and so do all tests of the full stack.

(`--dist loadgroup` of pytest-xdist 3.8 has no effect with pytest 9.2, which ignores the node ids that it rewrites.)"""

from __future__ import annotations

from typing import Any

import pytest

ONE_STACK = ("faults", "journeys")


def together(nodeid: str) -> str:
    """The name of the bundle that a test belongs to: its file, or "stack" for folders whose tests start everything."""
    path = nodeid.split("::", 1)[0]
    return "stack" if path.removeprefix("tests/").split("/", 1)[0] in ONE_STACK else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Bundles(LoadScopeScheduling):  # type: ignore[misc]  # untyped
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    return Bundles(config, log)
