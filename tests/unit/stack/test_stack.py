"""The servers of a stack as a whole: started, found again by another command, killed and restarted one by one, gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from deploy.stack.errors import StackError
from deploy.stack.ports import is_free
from deploy.stack.stack import Stack
from deploy.stack.state import SERVICES
from tests.servers.stacks import fresh_stack

NAMES = {"postgres", "epmd", "rabbit", "smtp", "gateway"}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Servers only: the services have tests of their own."""
    with fresh_stack(services=[]) as started:
        yield started


def command(stack: Stack, *arguments: str) -> subprocess.CompletedProcess[str]:
    tsudoi = [sys.executable, "-c", "import sys; from deploy.stack import main; sys.exit(main(sys.argv[1:]))"]
    home = ["--home", str(stack.home)]
    return subprocess.run([*tsudoi, *arguments, *home], capture_output=True, text=True, timeout=60, check=False)


def table(text: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in text.splitlines()[1:]}


def test_status_is_told_by_another_command(stack: Stack) -> None:
    told = command(stack, "status")
    assert told.returncode == 0, told.stdout + told.stderr
    assert {name: row[1:] for name, row in table(told.stdout).items()} == {name: ["yes", "yes"] for name in NAMES}


def test_its_state_is_its_owners_secret_and_holds_ports_and_pids(stack: Stack) -> None:
    path = stack.home / "stack.json"
    assert path.stat().st_mode & 0o077 == 0
    saved = json.loads(path.read_text())
    assert {name: process["pid"] for name, process in saved["processes"].items()} == {
        name: stack.process(name).pid for name in NAMES
    }
    assert saved["ports"]["gateway"] == stack.gateway.port


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_has_a_database_with_an_owner_and_a_weaker_role(stack: Stack, service: str) -> None:
    for owner in (False, True):
        with psycopg.connect(stack.database_url(service, owner=owner).replace("+psycopg", "")) as connection:
            query = (
                "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
            )
            assert connection.execute(query).fetchone() == (f"{service}_owner" if owner else service, False)
            member = "SELECT pg_has_role(%s, %s, 'MEMBER')"
            assert connection.execute(member, [service, f"{service}_owner"]).fetchone() == (False,)


def test_a_service_gets_no_others_secrets(stack: Stack) -> None:
    for service in SERVICES:
        env = stack.env(service)
        assert [name for name in env if name.startswith("TSUDOI_DATABASE")] == [f"TSUDOI_DATABASE_{service.upper()}"]
        assert ("TSUDOI_TOKEN_KEY" in env) == (service == "members")
        assert len(env["TSUDOI_SECRET"]) >= 32


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gateway", "smtp", "postgres", "rabbit"])
def test_a_killed_server_is_seen_dead_and_comes_back_on_its_port(stack: Stack, name: str) -> None:
    before = stack.process(name).pid
    stack.kill(name)
    told = command(stack, "status")
    assert told.returncode == 1 and table(told.stdout)[name][1:] == ["no", "no"]
    stack.restart(name)
    assert stack.ready(name) and stack.process(name).pid != before
    assert Stack.open(stack.home).process(name).pid == stack.process(name).pid


@pytest.mark.slow
def test_down_ends_every_process_and_up_finds_the_data_again(stack: Stack) -> None:
    with psycopg.connect(stack.database_url("billing", owner=True).replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    pids = [process.pid for process in stack.state.processes.values()]
    told = command(stack, "down")
    assert told.returncode == 0, told.stderr
    for pid in pids:
        assert pid is not None and (not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    assert is_free(stack.postgres.port)
    again = Stack.start(stack.home, services=[])
    with psycopg.connect(again.database_url("billing").replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    stack.state.processes = again.state.processes


def test_a_folder_without_a_stack_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="there is no stack"):
        Stack.open(tmp_path)
    with pytest.raises(StackError):
        Stack.open(tmp_path / os.urandom(4).hex())
