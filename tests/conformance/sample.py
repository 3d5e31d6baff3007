"""Two small services for the tests of the bus: billing says things, notifications notes each of them once."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared import (  # noqa: F401  (their tables belong to the kit's metadata)
    audit,
    jobs,
    outbox,
    people,
)
from shared.bus import inbox, ticks  # noqa: F401
from shared.db import NAMING, Id, KitBase, make_engine
from shared.errors import NotYet, Unavailable
from shared.ids import new_id
from shared.local_copies import SOCIETIES_AND_SESSIONS
from shared.messages.billing import Invoice, InvoiceChanged, InvoiceCreated, InvoicePaid
from shared.messages.notifications import LetterBounced
from shared.migrations import isolate
from shared.service import InBulk, RunningService, Service
from shared.settings import Settings
from shared.society import SocietyOwned
from shared.uow import UnitOfWork


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


class Effect(SocietyOwned, Base):
    """One effect of one message: `subject` is the invoice, `seen` how many effects of its society the handler saw."""

    __tablename__ = "effects"

    number: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(Id, default=new_id)
    subject: Mapped[str] = mapped_column(Id)
    kind: Mapped[str]
    revision: Mapped[int]


MISBEHAVIOURS: dict[str, type[BaseException]] = {
    "value": ValueError,
    "timeout": TimeoutError,
    "os": OSError,
    "memory": MemoryError,
    "unavailable": Unavailable,
}


def _eat_all_memory() -> None:
    """Of what is left to a process that has a limit, as a container has; the kernel then kills it."""
    limit = 4 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    eaten: list[bytearray] = []
    try:
        while True:
            eaten.append(bytearray(1 << 20))
    except MemoryError:
        os.kill(os.getpid(), signal.SIGKILL)


DEADLY: dict[str, Callable[[], object]] = {  # title → what it does to the process
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "abort": os.abort,
    "memory is full": _eat_all_memory,
    "hang": lambda: threading.Event().wait(),
}
WORKS, STANDS_STILL = "work ", "stand still "  # and so many seconds


def note_created(uow: UnitOfWork, message: InvoiceCreated) -> None:
    """Misbehaves as the title says."""
    title = message.invoice.title
    if title in MISBEHAVIOURS:
        raise MISBEHAVIOURS[title]
    if title in DEADLY:
        DEADLY[title]()
    if title.startswith(STANDS_STILL):
        time.sleep(float(title.removeprefix(STANDS_STILL)))
    if title.startswith(WORKS):
        _work(uow, float(title.removeprefix(WORKS)))
    _note(uow, "created", message.invoice)
    uow.say(LetterBounced(letter_id=new_id(), person_id=message.invoice.payer_id, code="5.1.1", bounced_at=uow.now))


def _work(uow: UnitOfWork, seconds: float) -> None:
    """The database hears of it now and then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        uow.session.execute(sa.select(1))
        time.sleep(0.5)


def note_changed(uow: UnitOfWork, messages: Sequence[InvoiceChanged]) -> None:
    for message in messages:
        _note(uow, "changed", message.invoice)


def note_paid(uow: UnitOfWork, message: InvoicePaid) -> None:
    """Builds on `created`."""
    known = uow.session.scalar(sa.select(Effect).where(Effect.subject == message.invoice.id, Effect.kind == "created"))
    if known is None:
        raise NotYet
    _note(uow, "paid", message.invoice)


def _note(uow: UnitOfWork, kind: str, invoice: Invoice) -> None:
    uow.add(Effect(subject=invoice.id, kind=kind, revision=invoice.revision))


BILLING = Service(name="billing", package="tests.conformance", metadata=sa.MetaData(), subscriptions={})
NOTIFICATIONS = Service(
    name="notifications",
    package="tests.conformance",
    metadata=Base.metadata,
    subscriptions={
        **SOCIETIES_AND_SESSIONS,
        InvoiceCreated: note_created,
        InvoiceChanged: InBulk(note_changed),
        InvoicePaid: note_paid,
    },
)
LISTENER = Service(  # hears what notifications says
    name="members",
    package="tests.conformance",
    metadata=sa.MetaData(),
    subscriptions={LetterBounced: lambda uow, m: None},
)


def start(service: Service, database: str, broker: str = "") -> RunningService:
    return service.start(
        Settings(service=service.name, database=database, broker=broker, secret="x" * 32, token_public=Path("none"))
    )


def make_tables(owner_url: str) -> None:
    """All tables, with the wall between societies, as the migrations make them."""
    engine = make_engine(owner_url, pool_size=1)
    with engine.begin() as connection:
        for metadata in (KitBase.metadata, Base.metadata):
            metadata.create_all(connection)
        with Operations.context(MigrationContext.configure(connection)):
            isolate("audit", "audit_chain", "jobs", "people", "effects")
    engine.dispose()


def invoice(title: str = "fee", *, id: str | None = None, revision: int = 1) -> Invoice:
    return Invoice(
        id=id or new_id(),
        revision=revision,
        number="1",
        payer_id=new_id(),
        kind="annual",
        title=title,
        title_en=title,
        total=8000,
        paid=0,
        due=8000,
        state="unpaid",
        issued_on=date(2026, 4, 1),
    )


def created(title: str = "fee", *, id: str | None = None) -> InvoiceCreated:
    return InvoiceCreated(invoice=invoice(title, id=id))


def changed(id: str | None = None, revision: int = 2) -> InvoiceChanged:
    return InvoiceChanged(invoice=invoice(id=id, revision=revision))


def paid(id: str) -> InvoicePaid:
    return InvoicePaid(invoice=invoice(id=id), paid_on=date(2026, 5, 1))
