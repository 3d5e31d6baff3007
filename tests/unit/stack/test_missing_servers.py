"""A test that cannot have its server is skipped loudly; on CI it fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(("ci", "code", "outcome"), [("", 0, "1 skipped"), ("true", 1, "1 error")])
def test_a_missing_server_is_named_at_the_end(ci: str, code: int, outcome: str, tmp_path: Path) -> None:
    env = {**os.environ, "CI": ci, "TSUDOI_TEST_RABBIT_URL": "amqp://guest:guest@127.0.0.1:1/"}
    wanted = "tests/unit/stack/test_test_servers.py::test_virtual_hosts_are_new_each_time"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        str(tmp_path / "run"),
        wanted,
    ]
    told = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == code, told.stdout + told.stderr
    assert outcome in told.stdout and "SERVER MISSING: RabbitMQ" in told.stdout
    assert ("did NOT run for want of a server" in told.stdout) == (not ci)
