"""What every test may use: the servers of `tests/servers`."""

from __future__ import annotations

pytest_plugins = ["tests.servers.plugin", "tests.servers.scheduling"]
