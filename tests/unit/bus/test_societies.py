"""One society never sees another's rows: by the session's filter on both databases, and by PostgreSQL's own wall."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, aliased

from shared.ids import new_id
from shared.service import RunningService
from shared.society import CrossesSocieties, current_society, enter
from shared.uow import UnitOfWork
from tests.conformance.buses import Bus
from tests.conformance.sample import Effect

TABLE: Any = Effect.__table__  # statements on it pass by the session's filter


@pytest.fixture(params=["sqlite_bus", "postgres_bus"])
def running(request: pytest.FixtureRequest) -> RunningService:
    bus: Bus = request.getfixturevalue(request.param)
    return bus.notifications


@pytest.fixture
def societies(running: RunningService) -> tuple[str, str]:
    """Two societies with 3 and 5 rows."""
    ids = (new_id(), new_id())
    for society, count in zip(ids, (3, 5), strict=True):
        with running.unit(society) as uow:
            for _ in range(count):
                uow.add(Effect(subject=new_id(), kind="x", revision=1))
    return ids


def _count(uow: UnitOfWork) -> int:
    return len(uow.session.scalars(sa.select(Effect)).all())


def test_two_societies_alternating_see_their_own(running: RunningService, societies: tuple[str, str]) -> None:
    for _ in range(5):
        for society, count in zip(societies, (3, 5), strict=True):
            with running.unit(society) as uow:
                assert _count(uow) == count
                assert uow.session.scalar(sa.select(sa.func.count(Effect.id))) == count
                assert uow.session.scalar(sa.select(sa.func.count()).select_from(Effect)) == count


def test_two_societies_in_one_transaction_see_their_own(running: RunningService, societies: tuple[str, str]) -> None:
    with running.session() as session:
        for _ in range(3):
            for society, count in zip(societies, (3, 5), strict=True):
                with running.in_society(session, society) as uow:
                    assert _count(uow) == count
                session.expunge_all()


def test_outside_all_societies_there_are_no_rows(running: RunningService, societies: tuple[str, str]) -> None:
    with running.unit(None) as uow:
        assert _count(uow) == 0
        assert uow.session.execute(sa.update(Effect).values(kind="y")).rowcount == 0  # type: ignore[attr-defined]
        assert uow.session.execute(sa.delete(Effect)).rowcount == 0  # type: ignore[attr-defined]


def test_get_finds_nothing_of_another_society(running: RunningService, societies: tuple[str, str]) -> None:
    with running.unit(societies[0]) as uow:
        number = uow.session.scalars(sa.select(Effect.number)).first()
        assert uow.session.get(Effect, number) is not None
    with running.unit(societies[1]) as uow:
        assert uow.session.get(Effect, number) is None


def test_update_and_delete_touch_no_other_society(running: RunningService, societies: tuple[str, str]) -> None:
    with running.unit(societies[0]) as uow:
        assert uow.session.execute(sa.update(Effect).values(kind="y")).rowcount == 3  # type: ignore[attr-defined]
        assert uow.session.execute(sa.delete(Effect)).rowcount == 3  # type: ignore[attr-defined]
    with running.unit(societies[1]) as uow:
        assert _count(uow) == 5
        assert set(uow.session.scalars(sa.select(Effect.kind))) == {"x"}


def test_aliases_joins_and_subqueries_are_filtered(running: RunningService, societies: tuple[str, str]) -> None:
    other = aliased(Effect)
    with running.unit(societies[0]) as uow:
        joined = sa.select(Effect.number, other.number).join(other, other.kind == Effect.kind)
        assert len(uow.session.execute(joined).all()) == 9
        within = sa.select(Effect).where(Effect.kind.in_(sa.select(other.kind)))
        assert len(uow.session.scalars(within).all()) == 3
        assert uow.session.scalar(sa.select(sa.exists(sa.select(Effect.number)))) is True
        both = sa.select(Effect.number).union_all(sa.select(other.number))
        assert len(uow.session.execute(both).all()) == 6


def test_the_society_is_filled_in_also_in_bulk(running: RunningService) -> None:
    society = new_id()
    with running.unit(society) as uow:
        rows = [{"id": new_id(), "subject": new_id(), "kind": "b", "revision": 1} for _ in range(3)]
        uow.session.execute(sa.insert(Effect), rows)
        uow.session.execute(sa.insert(TABLE), rows)
        assert _count(uow) == 6
    assert current_society.get() is None


def test_a_row_of_another_society_is_not_written(running: RunningService, societies: tuple[str, str]) -> None:
    with pytest.raises(CrossesSocieties), running.unit(societies[0]) as uow:
        uow.add(Effect(society_id=societies[1], subject=new_id(), kind="x", revision=1))
    with pytest.raises(CrossesSocieties), running.unit(societies[0]) as uow:
        row = uow.session.scalars(sa.select(Effect)).first()
        assert row is not None
        row.society_id = societies[1]
    with pytest.raises(CrossesSocieties), running.unit(None) as uow:
        uow.add(Effect(society_id=societies[1], subject=new_id(), kind="x", revision=1))


def test_what_is_undone_leaves_nothing(running: RunningService) -> None:
    society = new_id()
    with pytest.raises(RuntimeError), running.unit(society) as uow:
        uow.add(Effect(subject=new_id(), kind="x", revision=1))
        uow.session.flush()
        raise RuntimeError
    with running.unit(society) as uow:
        assert _count(uow) == 0


@pytest.mark.rule("S3")
def test_the_database_itself_hides_other_societies(postgres_bus: Bus) -> None:
    running = postgres_bus.notifications
    ours, theirs = new_id(), new_id()
    for society in (ours, theirs):
        with running.unit(society) as uow:
            uow.add(Effect(subject=new_id(), kind="x", revision=1))
    with running.unit(ours) as uow:
        for statement in (sa.text("SELECT society_id FROM effects"), sa.select(TABLE.c.society_id)):
            assert [str(id) for id in uow.session.scalars(statement)] == [ours]
        assert uow.session.execute(sa.update(TABLE).values(kind="z")).rowcount == 1  # type: ignore[attr-defined]
    with running.engine.connect() as connection:  # nobody has entered a society
        assert connection.execute(sa.select(sa.func.count()).select_from(TABLE)).scalar() == 0
    with pytest.raises(ProgrammingError, match="row-level security"), Session(running.engine) as session:
        enter(session, ours)
        row = {"id": new_id(), "subject": new_id(), "kind": "x", "revision": 1, "society_id": theirs}
        session.connection().execute(sa.insert(TABLE), row)


def test_the_next_transaction_of_a_connection_is_in_no_society(postgres_bus: Bus) -> None:
    running = postgres_bus.notifications
    with running.unit(new_id()) as uow:
        uow.add(Effect(subject=new_id(), kind="x", revision=1))
    with running.session() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM effects")) == 0
