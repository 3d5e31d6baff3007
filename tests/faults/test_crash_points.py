"""Every handler of every service killed at every point, one after the other, all services side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.stack.state import make_token_keys
from shared.bus.topology import declare_topology
from shared.cli import SERVICES, service_named
from tests.faults.dying import POINTS
from tests.faults.score import Score
from tests.servers.plugin import FreshDatabase, FreshVhost
from tests.servers.postgres import Database, PostgresServer

pytestmark = [pytest.mark.campaign, pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.mark.row("A6")
def test_every_handler_killed_at_every_point_leaves_what_it_leaves_undisturbed(
    fresh_database: FreshDatabase,
    fresh_vhost: FreshVhost,
    postgres_server: PostgresServer,
    score: Score,
    tmp_path: Path,
) -> None:
    make_token_keys(tmp_path)
    brokers = {name: fresh_vhost() for name in SERVICES}  # none hears what is said to another
    for name, broker in brokers.items():
        declare_topology(broker, [service_named(name)])
    databases = {name: fresh_database(name, migrated=True) for name in SERVICES}

    def all_deaths(name: str) -> dict[str, dict[str, list[str]]]:
        env = {**os.environ, **_settings(name, databases[name], brokers[name], postgres_server.admin_url, tmp_path)}
        command = [sys.executable, "-m", "tests.faults.dying", name]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=1500, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr[-3000:]}"
        found: dict[str, dict[str, list[str]]] = json.loads(done.stdout.splitlines()[-1])
        return found

    with ThreadPoolExecutor(len(SERVICES)) as pool:
        found = dict(zip(SERVICES, pool.map(all_deaths, SERVICES), strict=True))
    for name, each in found.items():
        handled = {contract.type_name() for contract in service_named(name).subscriptions}
        assert set(each["deaths"]) == handled
        for type_name, points in each["deaths"].items():
            score.injected(len(points))
            assert points == [p for p in POINTS if p != "outbox" or type_name not in each["silent"]]
    different = [line for each in found.values() for line in each["different"]]
    assert not different, "\n".join(different)


def _settings(name: str, database: Database, broker: str, admin: str, keys: Path) -> dict[str, str]:
    place = database.app_url.rsplit("/", 1)[1]
    return {
        f"TSUDOI_DATABASE_{name.upper()}": database.app_url,
        "TSUDOI_TEST_ADMIN_DATABASE": admin.replace("postgresql://", "postgresql+psycopg://").rsplit("/", 1)[0]
        + f"/{place}",
        "TSUDOI_BROKER": broker,
        "TSUDOI_SECRET": "x" * 40,
        "TSUDOI_SANDBOX_SECRET": "y" * 40,
        "TSUDOI_SMTP": "smtp://127.0.0.1:9",  # nothing is mailed
        "TSUDOI_TOKEN_PUBLIC": str(keys / "token.pub"),
        "TSUDOI_TOKEN_KEY": str(keys / "token.pem"),
        "TSUDOI_TESTING": "1",
    }
