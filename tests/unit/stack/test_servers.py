"""Each server starts alone on free ports with its own data, survives kill -9, and leaves no process behind."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import amqp
import psutil
import psycopg
import pytest

from deploy.stack.errors import ServerMissing
from deploy.stack.ports import free_port
from deploy.stack.postgres import Postgres
from deploy.stack.processes import Process
from deploy.stack.rabbit import USER, Rabbit
from tests.servers.missing import missing


@pytest.fixture
def folder() -> Iterator[Path]:
    """Unlike tmp_path, one that the servers' own accounts can reach when root runs the tests."""
    made = Path(tempfile.mkdtemp(prefix="tsudoi-test-server-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def family(process: Process) -> list[psutil.Process]:
    assert process.pid is not None
    parent = psutil.Process(process.pid)
    return [parent, *parent.children(recursive=True)]


def gone(members: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(members, timeout=10)
    return all(member.status() == psutil.STATUS_ZOMBIE for member in alive)


def test_postgres_keeps_committed_rows_through_kill_9_and_leaves_no_process(folder: Path) -> None:
    server = Postgres(folder / "postgres", free_port(), secrets.token_hex(8), shared_buffers="32MB")
    try:
        try:
            server.start()
        except ServerMissing as trouble:
            missing("PostgreSQL", str(trouble))
        with psycopg.connect(server.admin_url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
        before = family(server.process)
        server.kill()
        assert gone(before) and not server.ready()
        server.start()
        with psycopg.connect(server.admin_url) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        wrong = server.admin_url.replace(server.password, "guess")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(wrong)
        after = family(server.process)
    finally:
        server.stop()
    assert gone(after)


def connect(server: Rabbit) -> amqp.Connection:
    return amqp.Connection(f"127.0.0.1:{server.port}", USER, server.password, virtual_host=server.vhost)


@pytest.mark.slow
def test_rabbit_keeps_confirmed_messages_through_kill_9_and_leaves_no_process(folder: Path) -> None:
    ports = (free_port(), free_port(), free_port())
    server = Rabbit(folder / "rabbit", *ports, secrets.token_hex(8), secrets.token_hex(8))

    try:
        try:
            server.start()
        except ServerMissing as trouble:
            missing("RabbitMQ", str(trouble))
        with connect(server) as connection:
            channel = connection.channel()
            channel.confirm_select()
            channel.queue_declare("kept", durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
            channel.basic_publish_confirm(amqp.Message("確認済み"), routing_key="kept")
        # the name of a new quorum queue reaches the disk half a second late; killed before that, RabbitMQ loses it
        server.process.wait_ready(
            lambda: any(b"kept" in names.read_bytes() for names in server.folder.rglob("names.dets")), 20
        )
        before = family(server.process)
        server.kill()
        assert gone(before) and not server.ready()
        server.start()
        with connect(server) as connection:
            got = connection.channel().basic_get("kept", no_ack=True)
            assert got is not None and got.body == "確認済み"
        after = [*family(server.process), *family(server.port_mapper)]
    finally:
        server.stop()
    assert gone(after)
