"""Each migration up and down while requests come in and somebody reads for long: nobody notices."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from deploy.stack.stack import Stack
from deploy.stack.state import SERVICES
from shared.cli import service_named
from shared.migrations import config_for, migrate, move
from tests.faults.desk import Desk
from tests.faults.office import Office
from tests.faults.score import Score
from tests.faults.site import Site
from tests.faults.test_database_conflicts import admin_of

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("stack-faults"), pytest.mark.timeout(900)]

RATE = 50.0  # requests a second, as far as the machine can
READS_FOR = 6.0  # seconds, at the beginning of each migration: longer than anybody waits for a lock
# a transaction of its own for what must not be in one: a migration that is tried again begins at its beginning
SAMPLES = {
    "payments_9001": """
    op.add_column("payments", sa.Column("sample", sa.Integer(), nullable=True))
    op.execute("ALTER TABLE payments ADD CONSTRAINT sample CHECK (sample > 0) NOT VALID")
""",
    "payments_9002": """
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE payments VALIDATE CONSTRAINT sample")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_sample")
        op.execute("CREATE INDEX CONCURRENTLY ix_sample ON payments (sample)")
""",
}
UNDONE = {
    "payments_9001": """    op.drop_column("payments", "sample")
""",
    "payments_9002": """
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_sample")
""",
}
LAST = max(SAMPLES)


def write_samples(folder: Path, newest: str) -> None:
    for name, up in SAMPLES.items():
        head = "import sqlalchemy as sa\nfrom alembic import op\n"
        facts = f"revision, down_revision, branch_labels, depends_on = {name!r}, {newest!r}, None, None\n"
        body = f"def upgrade():\n{up}\ndef downgrade():\n{UNDONE[name]}"
        (folder / f"{name}.py").write_text(head + facts + body)
        newest = name


class Traffic:
    """Money is entered and looked at all the time; `failed`: answers that nobody should have seen."""

    def __init__(self, desk: Desk, bills: list[str]) -> None:
        self.statuses: Counter[int] = Counter()
        self._desk, self._bills = desk, bills
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work) for _ in range(3)]

    @property
    def failed(self) -> dict[int, int]:
        return {status: count for status, count in self.statuses.items() if status >= 400}

    def _work(self) -> None:
        while not self._stop.wait(len(self._threads) / RATE):
            try:
                self.statuses[self._desk.enter([self._bills[0]], amount=1).status_code] += 1
                self.statuses[self._desk.look().status_code] += 1
            except OSError:
                self.statuses[599] += 1

    @contextmanager
    def flowing(self) -> Iterator[Traffic]:
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join(70)


@contextmanager
def long_reader(stack: Stack, service: str, table: str) -> Iterator[None]:
    """Looks at a table, and goes on looking for a while in the background."""
    reader: psycopg.Connection = admin_of(stack, service)
    reader.execute("BEGIN")
    reader.execute(f"SELECT count(*) FROM {table}")
    timer = threading.Timer(READS_FOR, reader.close)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def config_of(stack: Stack, service: str, extra: Path | None = None) -> Config:
    config = config_for(service_named(service), stack.database_url(service, owner=True))
    if extra is not None:
        places = config.get_main_option("version_locations")
        config.set_main_option("version_locations", f"{places};{extra}")
    return config


def later_revisions(config: Config, service: str) -> list[tuple[str, str]]:
    """(before, revision) of a service's own migrations after its first, which makes the tables."""
    script = ScriptDirectory.from_config(config)
    own = [each for each in script.walk_revisions() if each.revision.startswith(f"{service}_") and each.down_revision]
    return [(str(each.down_revision), each.revision) for each in reversed(own)]


@pytest.mark.row("B8")
def test_migrations_up_and_down_under_load_beside_a_long_reader(
    stack: Stack, site: Site, tmp_path: Path, campaign: bool, score: Score
) -> None:
    """The real ones of payments, and one of every kind that may come: column, constraint, index."""
    office = Office.found(site)
    desk = Desk(site, office.society)
    [(bill, _)] = office.bill(1)
    newest = later_revisions(config_of(stack, "payments"), "payments")[-1][1]
    write_samples(tmp_path, newest)
    config = config_of(stack, "payments", tmp_path)
    steps = later_revisions(config, "payments") if campaign else [(newest, "payments_9001")]
    last = steps[-1][1]
    assert last == (LAST if campaign else "payments_9001")
    move(lambda: command.upgrade(config, last))
    with Traffic(desk, [bill]).flowing() as traffic:
        for before, _ in reversed(steps):
            _beside_a_reader(stack, score, lambda: command.downgrade(config, before))  # noqa: B023
        for _, after in steps:
            _beside_a_reader(stack, score, lambda: command.upgrade(config, after))  # noqa: B023
    move(lambda: command.downgrade(config, newest))
    print(f"answers during migrations: {dict(traffic.statuses)}")
    assert traffic.failed == {} and sum(traffic.statuses.values()) > 20
    score.judge(site)


def _beside_a_reader(stack: Stack, score: Score, step: Callable[[], None]) -> None:
    with long_reader(stack, "payments", "payments"):
        score.injected()
        began = time.monotonic()
        move(step)
        score.recovered(time.monotonic() - began)


@pytest.mark.row("B8")
def test_a_migration_that_finds_no_gap_gives_up_and_says_so(stack: Stack, site: Site, tmp_path: Path) -> None:
    newest = later_revisions(config_of(stack, "payments"), "payments")[-1][1]
    write_samples(tmp_path, newest)
    config = config_of(stack, "payments", tmp_path)
    with admin_of(stack, "payments") as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM payments")
        with pytest.raises(OperationalError, match="lock timeout"):
            move(lambda: command.upgrade(config, "payments_9001"), patience=0)
    migrate(service_named("payments"), stack.database_url("payments", owner=True))


def test_every_migration_but_the_first_of_a_service_can_be_undone(stack: Stack) -> None:
    for service in SERVICES:
        script = ScriptDirectory.from_config(config_of(stack, service))
        for _, name in later_revisions(config_of(stack, service), service):
            assert script.get_revision(name).module.downgrade.__code__.co_consts != (None,), name
