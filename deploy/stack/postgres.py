"""A private PostgreSQL server: own folder, own port on 127.0.0.1, passwords for all, no socket in the file system."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psycopg

from deploy.stack.accounts import account, own, rights
from deploy.stack.errors import NotReady, ServerMissing, StackError
from deploy.stack.processes import Process

ADMIN = "postgres"

SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
shared_buffers = '{shared_buffers}'
max_wal_size = '4GB'
fsync = {durable}
full_page_writes = {durable}
synchronous_commit = {durable}
password_encryption = 'scram-sha-256'
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
log_line_prefix = '%m [%p] %u@%d '
"""


def binaries() -> Path:
    """Where PostgreSQL's programs are: the newest version that Debian installed, or those on the PATH."""
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if versions:
        return max(versions, key=lambda path: int(path.parent.name))
    found = shutil.which("initdb")
    if found is None:
        raise ServerMissing("PostgreSQL is not installed (Debian: postgresql)")
    return Path(found).resolve().parent


@dataclass
class Postgres:
    """One server. `durable=False` gives up safety against power cuts (never against kill -9) for speed, in tests."""

    folder: Path
    port: int
    password: str
    durable: bool = True
    shared_buffers: str = "256MB"

    @cached_property
    def process(self) -> Process:
        return Process(
            name="postgres",
            argv=[str(binaries() / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)],
            log=str(self.folder / "postgres.log"),
            env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "PGTZ": "UTC"},
            cwd=str(self.folder),
            user=account("postgres"),
            stop_signal=2,  # fast shutdown: SIGTERM would wait until the last client has gone
        )

    def url(
        self, database: str, user: str = ADMIN, password: str | None = None, driver: str = "postgresql+psycopg"
    ) -> str:
        secret = self.password if password is None else password
        return f"{driver}://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    @property
    def admin_url(self) -> str:
        """For psycopg itself, as superuser, to the database `postgres`."""
        return self.url("postgres", driver="postgresql")

    def start(self, seconds: float = 60) -> None:
        """Start and wait until it answers; makes the data folder the first time."""
        own(self.folder, self.process.user)
        if not (self.folder / "data" / "PG_VERSION").exists():
            self._make_data()
        deadline = time.monotonic() + seconds
        while True:
            self.process.start()
            try:
                self.process.wait_ready(self.ready, max(1.0, deadline - time.monotonic()))
                return
            except NotReady:
                # After a kill -9 the old backends may need a moment to notice, and the old postmaster to be buried by
                # whoever started it; PostgreSQL refuses to start beside them.
                left_over = any(sign in self.process.log_end(3) for sign in ("shared memory", "postmaster.pid"))
                if not left_over or self.process.alive() or time.monotonic() > deadline:
                    raise
            time.sleep(0.2)

    def ready(self) -> bool:
        try:
            with psycopg.connect(self.admin_url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def stop(self) -> None:
        self.process.stop()

    def kill(self) -> None:
        self.process.kill()

    def _make_data(self) -> None:
        data = self.folder / "data"
        secret = self.folder / "password"
        secret.write_text(self.password)
        made = subprocess.run(
            [
                *(str(binaries() / "initdb"), "-D", str(data), "-U", ADMIN, "--pwfile", str(secret), "-E", "UTF8"),
                *(
                    "--auth=scram-sha-256",
                    "--lc-collate=C",
                    "--lc-ctype=C.UTF-8",
                    "--lc-messages=C",
                    "--no-instructions",
                ),
                *(() if self.durable else ("--no-sync",)),
            ],
            cwd=self.folder,
            env=self.process.env,
            capture_output=True,
            text=True,
            check=False,
            **rights(self.process.user),
        )
        secret.unlink()
        if made.returncode != 0:
            shutil.rmtree(data, ignore_errors=True)
            raise StackError(f"initdb failed:\n{made.stdout}{made.stderr}")
        with open(data / "postgresql.conf", "a") as settings:
            durable = "on" if self.durable else "off"
            settings.write(SETTINGS.format(shared_buffers=self.shared_buffers, durable=durable))
