"""The same on PostgreSQL: the service's own role may only add to the trail, and what its owner changes is noticed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from services.billing.service import SERVICE
from shared import audit
from shared.audit.anchors import anchor_heads
from shared.audit.sealing import count_unsealed, seal_new
from shared.audit.search import Wanted, matching, page_of
from shared.clock import TOKYO
from shared.db import make_engine
from shared.identity import make_keys
from shared.migrations import config_for
from shared.service import RunningService
from tests.servers.plugin import FreshDatabase
from tests.servers.postgres import Database
from tests.unit.audit.conftest import CLERK, OTHER, SOCIETY, add_societies, chain_of, record, sealed
from tests.unit.audit.test_verification import NO_3, faults


@pytest.fixture
def database(fresh_database: FreshDatabase) -> Database:
    return fresh_database("billing", migrated=True)


@pytest.fixture
def running(database: Database, tmp_path: Path) -> Iterator[RunningService]:
    _, public = make_keys(tmp_path / "keys")
    started = SERVICE.start(
        SERVICE.settings(
            service="billing",
            database=database.app_url,
            secret="s" * 32,
            token_public=public,
            home=tmp_path,
            pool_size=20,
        )
    )
    add_societies(started)
    yield started
    started.stop()


def as_owner(database: Database, *statements: str) -> None:
    engine = make_engine(database.owner_url, pool_size=1)
    with engine.begin() as connection:
        for each in statements:
            connection.execute(sa.text(each))
    engine.dispose()


def may(running: RunningService, statement: str) -> bool:
    try:
        with running.unit(SOCIETY) as uow:
            uow.session.execute(sa.text(statement))
    except sa.exc.ProgrammingError as error:
        if "permission denied" not in str(error):
            raise
        return False
    return True


@pytest.mark.rule("S35")
@pytest.mark.parametrize("table", ["audit", "audit_chain"])
@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.guard("audit-insert-only")
def test_the_services_role_may_neither_change_nor_delete(
    running: RunningService, database: Database, table: str, guarded: bool
) -> None:
    sealed(running, 2)
    if not guarded:
        as_owner(database, f"GRANT UPDATE, DELETE ON {table} TO billing")
    deeds = (f"UPDATE {table} SET society_id = society_id", f"DELETE FROM {table}", f"TRUNCATE {table}")
    assert [may(running, deed) for deed in deeds] == [not guarded, not guarded, False]


@pytest.mark.rule("S35")
@pytest.mark.rule("S3")
def test_row_level_security_hides_the_chain_of_another_society(running: RunningService) -> None:
    sealed(sealed(running, 2), 3, society=OTHER)
    with running.unit(SOCIETY, reading=True) as uow:
        assert uow.session.execute(sa.text("SELECT count(*) FROM audit_chain")).scalar_one() == 2
    with running.session(reading=True) as session:
        assert session.execute(sa.text("SELECT count(*) FROM audit_chain")).scalar_one() == 0


@pytest.mark.rule("S35")
def test_what_the_owner_does_is_noticed(running: RunningService, database: Database) -> None:
    sealed(running, 6)
    anchor_heads(running)
    assert faults(running) == []
    as_owner(
        database,
        f"UPDATE audit SET actor_name = '別人' WHERE id = {NO_3}",
        "DELETE FROM audit_chain WHERE number = 5",
        "DELETE FROM audit_chain WHERE number = 6",
    )
    assert faults(running) == ["no. 3: changed", "nos. 5-6: cut off"]


@pytest.mark.rule("S35")
def test_fifty_writers_and_two_sealers_keep_one_chain(running: RunningService) -> None:
    done = threading.Event()

    def keep_sealing() -> None:
        while not done.is_set():
            seal_new(running)

    sealers = [threading.Thread(target=keep_sealing) for _ in range(2)]
    for each in sealers:
        each.start()
    with ThreadPoolExecutor(15) as writers:  # two sealers and the pool's connections
        for n in range(50):
            writers.submit(record, running, f"fee/{n}-1", f"fee/{n}-2")
    done.set()
    for each in sealers:
        each.join()
    seal_new(running)
    assert [number for number, _ in chain_of(running)] == list(range(1, 101))
    assert faults(running) == []


@pytest.mark.rule("S35")
def test_an_entry_that_is_committed_late_does_not_hold_up_others_and_is_sealed(running: RunningService) -> None:
    with running.unit(SOCIETY, actor=CLERK) as uow:
        audit.record(uow, "change-fee", "fee/late")
        uow.session.flush()
        record(running, "fee/other")
        seal_new(running)
        assert len(chain_of(running)) == 1, "no writer waits for a sealer, nor a sealer for a writer"
        with running.unit(SOCIETY, reading=True) as looking:
            assert count_unsealed(looking.session) == 0
    seal_new(running)
    assert (len(chain_of(running)), faults(running)) == (2, [])


@pytest.mark.rule("W3")
def test_words_in_records_are_found_however_they_are_stored(running: RunningService) -> None:
    record(running, "fee/1", before={"title": "年会費"}, after={"title": "会費 100%"})
    seal_new(running)
    with running.unit(SOCIETY, reading=True) as uow:
        for text, count in (("年会費", 1), ("100%", 1), ("札幌", 0)):
            found = page_of(uow.session, matching(Wanted(text=text), TOKYO), 50)
            assert len(found.rows) == count, text


@pytest.mark.rule("S35")
def test_a_trail_from_before_is_sealed_after_the_migration(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    database = fresh_database("billing")
    config = config_for(SERVICE, database.owner_url)
    command.upgrade(config, "kit_0002")
    columns = "society_id, id, at, actor_kind, actor_name, action, subject, before"
    values = f"'{SOCIETY}', gen_random_uuid(), now(), 'person', 'x', 'y', 'z', 'null'"
    as_owner(database, f"INSERT INTO audit ({columns}) VALUES ({values})")
    command.upgrade(config, "heads")
    _, public = make_keys(tmp_path / "keys")
    settings = SERVICE.settings(
        service="billing", database=database.app_url, secret="s" * 32, token_public=public, home=tmp_path
    )
    started = SERVICE.start(settings)
    add_societies(started)
    seal_new(started)
    assert (len(chain_of(started)), faults(started)) == (1, [])
    started.stop()
