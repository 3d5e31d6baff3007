"""A PostgreSQL server for tests, and databases in it: with the two roles of their service, dropped after use."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from deploy.stack.databases import TEMPLATE, create_database, drop_database
from deploy.stack.errors import StackError
from deploy.stack.ports import free_port
from deploy.stack.postgres import Postgres
from deploy.stack.processes import Process
from tests.servers import engine
from tests.servers.run import Notes, Run

ADDRESS = "TSUDOI_TEST_POSTGRES_URL"
NAME = "postgres-server"
ROLE_PASSWORD = "tsudoi-tests"  # of roles in a server that lives for one test run


class Database(NamedTuple):
    """Addresses of one database for SQLAlchemy: as the service, and as the owner of the tables."""

    app_url: str
    owner_url: str


@dataclass
class PostgresServer:
    """The server of this run. `admin_url` is a superuser's, for psycopg."""

    run: Run
    admin_url: str
    _made: list[str] = field(default_factory=list)

    def create(self, service: str, *, migrated: bool = False) -> Database:
        """A new database for this service: empty, or with the tables that its migrations make (copied, so quick)."""
        name = f"{service}_{self.run.worker}_{secrets.token_hex(4)}"
        template = self._migrated_template(service) if migrated else TEMPLATE
        create_database(self.admin_url, name, service, ROLE_PASSWORD, template)
        self._made.append(name)
        return self.addresses(service, name)

    def addresses(self, service: str, database: str) -> Database:
        place = self.admin_url.rsplit("@", 1)[1].split("/")[0]
        urls = (
            f"postgresql+psycopg://{role}:{ROLE_PASSWORD}@{place}/{database}" for role in (service, f"{service}_owner")
        )
        return Database(*urls)

    def drop_all(self) -> None:
        while self._made:
            drop_database(self.admin_url, self._made.pop())

    def _migrated_template(self, service: str) -> str:
        # the service's code is loaded only by the tests that want its tables
        from shared.cli import service_named
        from shared.migrations import migrate

        def make() -> Notes:
            name = f"template_{service}_{secrets.token_hex(4)}"
            create_database(self.admin_url, name, service, ROLE_PASSWORD)
            migrate(service_named(service), self.addresses(service, name).owner_url)
            return {"name": name}

        return str(self.run.once(f"template-{service}", make)["name"])


def find() -> Notes:
    """The address that the environment gives, else Docker, else this machine's PostgreSQL, else why there is none."""
    if ADDRESS in os.environ:
        return {"admin_url": os.environ[ADDRESS].replace("postgresql+psycopg://", "postgresql://")}
    if engine.answers():
        return engine.postgres()
    folder = Path(tempfile.mkdtemp(prefix="tsudoi-test-postgres-"))
    folder.chmod(0o711)
    server = Postgres(folder / "server", free_port(), secrets.token_hex(16), durable=False, shared_buffers="128MB")
    try:
        server.start()
    except StackError as trouble:
        shutil.rmtree(folder, ignore_errors=True)
        return {"missing": str(trouble)}
    return {"admin_url": server.admin_url, "folder": str(folder), "processes": [server.process.as_dict()]}


def end(run: Run) -> None:
    """Stop what `find` started, and drop the templates where the server was not ours."""
    notes = run.notes(NAME)
    if notes is None or "missing" in notes:
        return
    if "container" in notes:
        engine.remove(notes["container"])
    elif "folder" in notes:
        stop(notes)
    else:
        for path in run.folder.glob("template-*.json"):
            template = run.notes(path.stem)
            if template is not None:
                drop_database(notes["admin_url"], template["name"])


def stop(notes: Notes) -> None:
    """Stop the processes that are noted, and remove their folder."""
    for saved in notes["processes"]:
        Process(**saved).stop()
    shutil.rmtree(notes["folder"], ignore_errors=True)
