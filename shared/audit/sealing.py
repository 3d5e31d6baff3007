"""Sealing: entries that are committed are given their places in the chain, some seconds later.

Not in the transaction of the change: there, all changes of a society would wait for each other's commits."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import sqlalchemy as sa
from sqlalchemy.orm import Session

from shared import clock
from shared.audit.chain import CONTENT, beginning, head_of, link
from shared.audit.rows import AuditRow, ChainRow
from shared.audit.turns import each_society
from shared.db import insert_rows
from shared.identity import Actor
from shared.ids import FIRST, earlier, new_id
from shared.service import RunningService
from shared.uow import UnitOfWork

BATCH = 5_000  # entries in a transaction: it holds the chain's lock, on SQLite the database's, for a tenth of a second
# An entry has its id before its commit: one with a smaller id than the chain's newest may come as late as the longest
# transaction takes. Whatever is later still is found by `seal_everything`.
LATEST = timedelta(minutes=10)
SEALER = Actor(name="seal-audit")

UNSEALED = ~sa.exists().where(ChainRow.entry_id == AuditRow.id)


def seal_new(running: RunningService) -> None:
    """Due work: the entries of late. Two sealers at once do not get in each other's way."""
    each_society(running, partial(_seal_late, running))


def _seal_late(running: RunningService, society: str) -> None:
    with running.unit(society, reading=True) as uow:
        start = of_late(uow.session)
        waiting = _waits(uow.session, start)
    if waiting:
        seal(running, society, start)


def seal_everything(running: RunningService, society: str) -> None:
    """Every entry that has no place yet, whatever its id."""
    with running.unit(society, reading=True) as uow:
        waiting = _waits(uow.session, FIRST)
    if waiting:
        seal(running, society, FIRST)


def seal(running: RunningService, society: str, start: str) -> int:
    """All entries without a place whose ids are greater than `start`, in their order. Returns how many."""
    done = 0
    while True:
        with running.unit(society, actor=SEALER) as uow:
            count, start = _seal_batch(uow, start)
        done += count
        if count < BATCH:
            return done


def count_unsealed(session: Session, start: str = FIRST) -> int:
    """Entries of the current society that have no place yet, with ids greater than `start`."""
    return session.scalar(sa.select(sa.func.count(AuditRow.id)).where(AuditRow.id > start, UNSEALED)) or 0


def of_late(session: Session) -> str:
    """Greater ids than this have all entries that may have been committed since the newest one was sealed."""
    head = head_of(session)
    return earlier(min(head.entry_id, new_id()), LATEST) if head else FIRST


def _waits(session: Session, start: str) -> bool:
    found = session.scalars(sa.select(AuditRow.id).where(AuditRow.id > start, UNSEALED).limit(1))
    return found.one_or_none() is not None


def _seal_batch(uow: UnitOfWork, start: str) -> tuple[int, str]:
    """How many, and the id of the last one."""
    _one_at_a_time(uow)
    wanted = sa.select(*CONTENT).where(AuditRow.id > start, UNSEALED).order_by(AuditRow.id).limit(BATCH)
    entries = uow.session.execute(wanted).all()
    head = head_of(uow.session)
    number, hash = (head.number, head.hash) if head else (0, beginning(uow.service, str(uow.society_id)))
    now, places = clock.now(), []
    for entry in entries:
        number += 1
        hash = link(hash, number, entry)
        places.append(
            {"society_id": uow.society_id, "number": number, "entry_id": entry.id, "hash": hash, "sealed_at": now}
        )
    insert_rows(uow.session, ChainRow, places)
    return len(entries), entries[-1].id if entries else start


def _one_at_a_time(uow: UnitOfWork) -> None:
    """Sealers of one society take turns; nobody else waits. SQLite has one writer at a time anyway; the chain's primary
    key is the last wall on both."""
    if uow.session.connection().dialect.name == "postgresql":
        key = {"key": f"audit chain {uow.society_id}"}
        uow.session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)
