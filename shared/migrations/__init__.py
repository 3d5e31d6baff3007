"""Migrations: Alembic per service. The kit's tables are a branch of their own ("kit") in every service's database."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from alembic import command, op
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from shared.db import make_engine
from shared.service import Service
from shared.trouble import describe, is_contention

log = structlog.get_logger()

HERE = Path(__file__).parent
LOCK_TIMEOUT = "2s"
PATIENCE = 600.0  # seconds
PAUSE = 1.0  # seconds in which those who had to wait are served


def config_for(service: Service, url: str) -> Config:
    """Alembic's configuration of one service: its own versions and the kit's."""
    package = Path(*service.package.split("."))
    own = HERE.parent.parent / package / "migrations"
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("version_locations", f"{HERE / 'versions'};{own}")
    config.set_main_option("version_path_separator", ";")
    config.set_main_option("path_separator", ";")
    config.attributes["service"] = service
    config.attributes["url"] = url
    return config


def migrate(service: Service, url: str, *, patience: float = PATIENCE) -> None:
    """Bring a database to the newest schema. `url` is the owner's.

    Each migration waits two seconds for its locks (behind it everybody else would wait as well) and then makes way and
    tries again. Raises OperationalError when it found no gap for so many seconds."""
    move(lambda: command.upgrade(config_for(service, url), "heads"), patience)


def move(step: Callable[[], None], patience: float = PATIENCE) -> None:
    """Up or down, in the gaps that others leave; migrations that are done stay done."""
    end = time.monotonic() + patience
    while True:
        try:
            return step()
        except DBAPIError as error:
            if not is_contention(error) or time.monotonic() > end:
                raise
            log.warning("migration makes way and tries again", error=describe(error))
        time.sleep(random.uniform(0.5, 1.5) * PAUSE)


def is_current(service: Service, engine: Engine) -> bool:
    """Are all migrations of this release applied? (Readiness.) So they are where a newer release has migrated: it only
    adds to them, and whoever must go back to this release has to be able to start it."""
    script = ScriptDirectory.from_config(config_for(service, "sqlite://"))
    with engine.connect() as connection:
        waiting = list(MigrationContext.configure(connection).get_current_heads())
    known = {revision.revision for revision in script.walk_revisions()}
    if not known.issuperset(waiting):
        return True
    applied: set[str] = set()
    while waiting:
        revision = script.get_revision(waiting.pop())
        applied.add(revision.revision)
        waiting += [each for each in (*_tuple(revision.down_revision), *_tuple(revision.dependencies)) if each]
    return applied >= set(script.get_heads())


def _tuple(names: str | Iterable[str] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())


def isolate(*tables: str) -> None:
    """Row-level security on tenant tables: the service's role (not their owner) sees the current society's rows only.

    Call in the migration that creates the table. SQLite has no such wall: the session's filter is the only one."""
    if op.get_bind().dialect.name != "postgresql":
        return
    rule = "society_id = CAST(NULLIF(current_setting('tsudoi.society', true), '') AS uuid)"
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY one_society ON {table} USING ({rule}) WITH CHECK ({rule})")


@contextmanager
def beside_the_work() -> Iterator[None]:
    """On PostgreSQL: for steps that take no lock that anybody would feel, each committed by itself. They may wait as
    long as it takes, since nobody waits behind them; whoever is stopped in between is begun again, so each step must
    bear being done twice."""
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        yield
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


def index_beside_the_work(name: str, on: str) -> None:
    """Within `beside_the_work`. `on`: what follows ON. A half-made index of an earlier try is made anew."""
    half_made = text("SELECT 1 FROM pg_index WHERE indexrelid = to_regclass(:name) AND NOT indisvalid")
    if op.get_bind().execute(half_made, {"name": name}).first():
        op.execute(f"DROP INDEX CONCURRENTLY {name}")
    op.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {on}")


def keep(*tables: str, kept: bool = True) -> None:
    """Rows that are there stay as they are: nobody but the tables' owner may change or delete them, on SQLite nobody.

    Call in the migration that creates the table. On SQLite a table that is altered by copying it (`batch_alter_table`)
    loses this: call it again there."""
    for table in tables:
        if op.get_bind().dialect.name == "postgresql":
            _keep_from_others(table, kept)
            continue
        for deed in ("UPDATE", "DELETE"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{deed.lower()}")
            if kept:
                op.execute(
                    f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table}"
                    f" BEGIN SELECT RAISE(ABORT, 'rows of {table} are never changed or deleted'); END"
                )


def only_read(view: str) -> None:
    """On PostgreSQL: a view of the owner's would let others write past row-level security."""
    for name in _writers(view):
        op.execute(f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {view} FROM {name}")


def _keep_from_others(table: str, kept: bool) -> None:
    for name in _writers(table):
        if kept:
            op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {name}")
        else:
            op.execute(f"GRANT UPDATE, DELETE ON {table} TO {name}")


def _writers(table: str) -> Sequence[str]:
    """Every role that may insert but the owner, quoted: the service's is known by what it may do, whatever its name."""
    grantees = text(
        "SELECT DISTINCT grantee FROM information_schema.role_table_grants WHERE table_schema = current_schema()"
        " AND table_name = :table AND privilege_type = 'INSERT' AND grantee NOT IN (current_user, 'PUBLIC')"
    )
    bind = op.get_bind()
    roles = bind.execute(grantees, {"table": table}).scalars().all()
    return [bind.dialect.identifier_preparer.quote_identifier(role) for role in roles]


def engine_for_migration(url: str) -> Engine:
    return make_engine(url, pool_size=1)


def revise(service: Service, message: str) -> None:
    """Write a migration for what the models have and the newest schema has not. Read it before you commit it."""
    own = Path(*service.package.split(".")) / "migrations"
    with TemporaryDirectory() as folder:
        config = config_for(service, f"sqlite:///{folder}/newest.db")
        heads = [h for h in ScriptDirectory.from_config(config).get_heads() if not h.startswith("kit_")]
        command.upgrade(config, "heads")
        number = f"{service.name}_{len(list((HERE.parent.parent / own).glob('*.py'))) + 1:04d}"
        command.revision(
            config,
            message=message,
            autogenerate=True,
            rev_id=number,
            head=heads[0] if heads else "base",
            branch_label=None if heads else service.name,
            version_path=str(HERE.parent.parent / own),
            depends_on=None if heads else "kit_0001",
        )
