"""What every test may use: the servers of `tests/servers`, the scorecard of `tests/faults`."""

from __future__ import annotations

pytest_plugins = ["tests.servers.plugin", "tests.servers.scheduling", "tests.servers.browser", "tests.faults.scorecard"]
