"""Every committed entry comes into the chain of its society, once, without a gap, whoever seals (S35)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from shared import clock
from shared.audit import AuditRow, sealing
from shared.audit.sealing import count_unsealed, seal_everything, seal_new
from shared.audit.verification import Walk
from shared.db import insert_rows
from shared.ids import earlier, new_id
from shared.service import RunningService
from tests.unit.audit.conftest import CLERK, OTHER, SOCIETY, chain_of, record, sealed


def late_entry(running: RunningService, by: timedelta) -> None:
    """Committed now, although it has its id for so long."""
    with running.unit(SOCIETY, actor=CLERK) as uow:
        uow.add(
            AuditRow(
                id=earlier(new_id(), by),
                at=uow.now,
                actor_kind="person",
                actor_name="事務局",
                action="change-fee",
                subject="fee/late",
            )
        )


def unsealed(running: RunningService) -> int:
    with running.unit(SOCIETY, reading=True) as uow:
        return count_unsealed(uow.session)


@pytest.mark.rule("S35")
def test_entries_are_unsealed_until_the_sealer_comes_and_numbered_from_one(running: RunningService) -> None:
    record(running, "fee/1", "fee/2")
    assert (unsealed(running), chain_of(running)) == (2, [])
    seal_new(running)
    assert (unsealed(running), [number for number, _ in chain_of(running)]) == (0, [1, 2])
    before = chain_of(running)
    record(running, "fee/3")
    seal_new(running)
    seal_new(running)
    assert [number for number, _ in chain_of(running)] == [1, 2, 3]
    assert chain_of(running)[:2] == before


@pytest.mark.rule("S35")
def test_each_society_has_a_chain_of_its_own(running: RunningService) -> None:
    sealed(sealed(running, 2), 3, society=OTHER)
    assert [number for number, _ in chain_of(running)] == [1, 2]
    assert [number for number, _ in chain_of(running, OTHER)] == [1, 2, 3]
    assert not {hash for _, hash in chain_of(running)} & {hash for _, hash in chain_of(running, OTHER)}


@pytest.mark.rule("S35")
def test_an_entry_whose_transaction_commits_late_is_sealed(running: RunningService) -> None:
    sealed(running, 2)
    late_entry(running, timedelta(minutes=5))
    seal_new(running)
    assert len(chain_of(running)) == 3
    late_entry(running, timedelta(days=400))
    seal_new(running)
    assert (len(chain_of(running)), unsealed(running)) == (3, 1), "too late for the look every five seconds"
    seal_everything(running, SOCIETY)
    assert (len(chain_of(running)), unsealed(running)) == (4, 0)


@pytest.mark.guard("audit-late")
def test_control_without_looking_back_a_late_entry_is_passed_over(
    running: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "LATEST", timedelta())
    sealed(running, 2)
    late_entry(running, timedelta(minutes=5))
    seal_new(running)
    assert unsealed(running) == 1


@pytest.mark.rule("S35")
def test_a_clock_that_went_ahead_hides_nothing(running: RunningService) -> None:
    late_entry(running, -timedelta(days=30))
    seal_new(running)
    record(running, "fee/1")
    seal_new(running)
    assert [number for number, _ in chain_of(running)] == [1, 2]


@pytest.mark.rule("S35")
def test_fifty_writers_and_two_sealers_keep_one_chain(running: RunningService) -> None:
    done = threading.Event()

    def keep_sealing() -> None:
        while not done.is_set():
            seal_new(running)

    sealers = [threading.Thread(target=keep_sealing) for _ in range(2)]
    for each in sealers:
        each.start()
    with ThreadPoolExecutor(50) as writers:
        for n in range(50):
            writers.submit(record, running, f"fee/{n}-1", f"fee/{n}-2")
    done.set()
    for each in sealers:
        each.join()
    seal_new(running)
    assert [number for number, _ in chain_of(running)] == list(range(1, 101))
    with running.unit(SOCIETY, reading=True) as uow:
        assert list(Walk("billing", SOCIETY, {}).go_on(uow.session)) == []


@pytest.mark.rule("S35")
def test_many_are_sealed_in_batches(running: RunningService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 7)
    common = {"society_id": SOCIETY, "actor_kind": "system", "actor_id": None, "actor_name": "", "trace": None}
    what = {"action": "change-fee", "before": None, "after": {"amount": 1}}
    with running.unit(SOCIETY) as uow:
        rows = ({**common, **what, "id": new_id(), "at": clock.now(), "subject": f"fee/{n}"} for n in range(30))
        insert_rows(uow.session, AuditRow, rows)
    seal_new(running)
    assert len(chain_of(running)) == 30
    with running.unit(SOCIETY, reading=True) as uow:
        assert list(Walk("billing", SOCIETY, {}).go_on(uow.session)) == []


@pytest.mark.rule("S35")
@pytest.mark.parametrize("table", ["audit", "audit_chain"])
def test_the_database_refuses_to_change_or_delete(running: RunningService, table: str) -> None:
    sealed(running, 1)
    for statement in (f"UPDATE {table} SET society_id = society_id", f"DELETE FROM {table}"):
        with (
            pytest.raises(sa.exc.IntegrityError, match="never changed or deleted"),
            running.engine.begin() as connection,
        ):
            connection.execute(sa.text(statement))
