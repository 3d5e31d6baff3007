"""A second PostgreSQL that follows the first and has each commit before it is confirmed (synchronous streaming).

When the first dies, `promote` makes the second the one that is written to; services that were given both addresses
find it by themselves. To make the old one a standby again, delete its folder and let it follow the new one."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from deploy.stack.accounts import own, rights
from deploy.stack.errors import NotReady, StackError
from deploy.stack.postgres import Postgres, binaries

NAME = "tsudoi_standby"


@dataclass
class Standby:
    """`server` follows `primary`."""

    primary: Postgres
    server: Postgres

    @classmethod
    def of(cls, primary: Postgres, folder: Path, port: int) -> Standby:
        server = Postgres(folder, port, primary.password, primary.durable, primary.shared_buffers)
        server.process.name = "standby"
        return cls(primary, server)

    def start(self, seconds: float = 60) -> None:
        """Copy the primary the first time; follow it; from then on no commit is confirmed that is not here, too."""
        if not (self.server.folder / "data" / "PG_VERSION").exists():
            self._copy()
        self.server.start(seconds)
        if not self.follows():
            return
        self._tell_primary(f"'{NAME}'")
        deadline = time.monotonic() + seconds
        while not self.in_step():
            if time.monotonic() > deadline:
                raise NotReady(f"the standby is not in step after {seconds:.0f} s:\n{self.server.process.log_end()}")
            time.sleep(0.1)

    def follows(self) -> bool:
        """False once it was promoted."""
        with psycopg.connect(self.server.admin_url) as connection:
            return bool(connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,))

    def in_step(self) -> bool:
        """Whether the primary waits for it at each commit."""
        with psycopg.connect(self.primary.admin_url) as connection:
            query = "SELECT sync_state FROM pg_stat_replication WHERE application_name = %s"
            return connection.execute(query, [NAME]).fetchone() == ("sync",)

    def promote(self, seconds: float = 60) -> None:
        """Make it the one that is written to. The old primary must be dead, or be kept away from all clients."""
        with psycopg.connect(self.server.admin_url, autocommit=True) as connection:
            if connection.execute("SELECT pg_promote(true, %s)", [int(seconds)]).fetchone() != (True,):
                raise NotReady(f"the standby was not promoted within {seconds:.0f} s")

    def receiver(self) -> psutil.Process:
        """The process of the standby that takes in what the primary writes."""
        for child in psutil.Process(self.server.process.pid).children():
            if "walreceiver" in " ".join(child.cmdline()):
                return child
        raise StackError("the standby receives nothing")

    def _copy(self) -> None:
        own(self.server.folder, self.server.process.user)
        source = f"{self.primary.admin_url}?application_name={NAME}"
        self._forget_slot()
        made = subprocess.run(
            [
                *(str(binaries() / "pg_basebackup"), "-d", source, "-D", str(self.server.folder / "data")),
                *("--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-password"),
                *("--create-slot", "--slot", NAME),
            ],
            cwd=self.server.folder,
            env=self.server.process.env,
            capture_output=True,
            text=True,
            check=False,
            **rights(self.server.process.user),
        )
        if made.returncode != 0:
            shutil.rmtree(self.server.folder / "data", ignore_errors=True)
            raise StackError(f"pg_basebackup failed:\n{made.stdout}{made.stderr}")

    def _forget_slot(self) -> None:
        """Of a standby that was deleted: it would keep all that was written since on the primary's disk."""
        with psycopg.connect(self.primary.admin_url, autocommit=True) as connection:
            query = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"
            connection.execute(query, [NAME])

    def _tell_primary(self, names: str) -> None:
        with psycopg.connect(self.primary.admin_url, autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET synchronous_standby_names = {names}")
            connection.execute("SELECT pg_reload_conf()")
