"""A killed PostgreSQL whose process still stands in the system's list comes back all the same."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

from deploy.stack.accounts import rights
from deploy.stack.errors import ServerMissing
from deploy.stack.ports import free_port
from deploy.stack.postgres import Postgres
from tests.servers.missing import missing


def test_it_starts_as_soon_as_the_old_process_is_gone() -> None:
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-test-server-"))
    folder.chmod(0o711)
    server = Postgres(folder / "postgres", free_port(), secrets.token_hex(8), durable=False, shared_buffers="32MB")
    try:
        try:
            server.start()
        except ServerMissing as trouble:
            missing("PostgreSQL", str(trouble))
        server.kill()
        lock = folder / "postgres" / "data" / "postmaster.pid"
        old = subprocess.Popen(["sleep", "1"], **rights(server.process.user))
        burial = threading.Thread(target=old.wait)
        burial.start()
        lock.write_text("\n".join([str(old.pid), *lock.read_text().splitlines()[1:]]) + "\n")
        server.start()
        assert old.returncode == 0, "it waited"
        assert server.ready()
        burial.join()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
