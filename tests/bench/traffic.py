"""Messages for the benches of the bus: billing says invoices, notifications writes a row for each. The real kit."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from prometheus_client import REGISTRY
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.bus import inbox  # noqa: F401  (its table belongs to the kit's metadata)
from shared.bus.consumer import consume
from shared.bus.rabbit import RabbitPublisher
from shared.bus.relay import run_relay
from shared.db import NAMING, Id, insert_rows
from shared.ids import new_id
from shared.messages.billing import Invoice, InvoiceCreated, InvoiceLine
from shared.service import InBulk, RunningService, Service
from shared.settings import Settings
from shared.society import SocietyOwned
from shared.uow import UnitOfWork
from tests.bench.lap import Stopwatch

SOCIETY = "019f0000-0000-7000-8000-0000000000be"


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


class NoteRow(SocietyOwned, Base):
    """What the handler writes."""

    __tablename__ = "notes"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    invoice: Mapped[str] = mapped_column(Id)
    payer: Mapped[str] = mapped_column(Id)
    title: Mapped[str]


def note_each(uow: UnitOfWork, message: InvoiceCreated) -> None:
    invoice = message.invoice
    uow.add(NoteRow(id=new_id(), invoice=invoice.id, payer=invoice.payer_id, title=invoice.title))


def note_all(uow: UnitOfWork, messages: Sequence[InvoiceCreated]) -> None:
    rows = (
        {
            "society_id": uow.society_id,
            "id": new_id(),
            "invoice": message.invoice.id,
            "payer": message.invoice.payer_id,
            "title": message.invoice.title,
        }
        for message in messages
    )
    insert_rows(uow.session, NoteRow, rows)


BILLING = Service(name="billing", package="tests.bench", metadata=sa.MetaData())
NOTIFICATIONS = Service(
    name="notifications",
    package="tests.bench",
    metadata=Base.metadata,
    subscriptions={InvoiceCreated: InBulk(note_all)},
)
ONE_BY_ONE = replace(NOTIFICATIONS, subscriptions={InvoiceCreated: note_each})


def start(service: Service, database: str) -> RunningService:
    return service.start(
        Settings(service=service.name, database=database, broker="", secret="x" * 32, token_public=Path("none"))
    )


def messages(n: int) -> Iterator[InvoiceCreated]:
    """As a billing run says them."""
    lines = (
        InvoiceLine(title="年会費 正会員", amount=8_000, fiscal_year=2026),
        InvoiceLine(title="学会誌 冊子体", amount=2_000, fiscal_year=2026),
    )
    run = new_id()
    for i in range(n):
        invoice = Invoice(
            id=new_id(),
            revision=1,
            number=f"2026-{i:06d}",
            payer_id=new_id(),
            kind="annual",
            title="2026年度年会費",
            title_en="Annual fee 2026",
            total=10_000,
            paid=0,
            due=10_000,
            state="unpaid",
            issued_on=date(2026, 4, 1),
            due_on=date(2027, 1, 31),
            fiscal_year=2026,
            run_id=run,
            methods=("card", "store", "bank"),
            lines=lines,
        )
        yield InvoiceCreated(invoice=invoice)


def say(database: str, n: int) -> None:
    """n messages come to wait in billing's outbox."""
    billing = start(BILLING, database)
    for first in range(0, n, 10_000):
        with billing.unit(SOCIETY) as uow:
            uow.say_all(messages(min(10_000, n - first)), bulk=True)
    billing.stop()


def relay(stopwatch: Stopwatch, database: str, broker: str) -> None:
    """Billing's relay, until all is confirmed and marked."""
    stop = threading.Event()

    def look() -> None:
        if stopwatch.finished(_counted("tsudoi_messages_sent_total", service="billing")):
            stop.set()

    run_relay(start(BILLING, database), RabbitPublisher(broker), stop, progress=look)


def work(stopwatch: Stopwatch, database: str, broker: str, in_bulk: bool) -> None:
    """The consumer of the bulk queue, until all is handled and acked."""
    stop = threading.Event()
    running = start(NOTIFICATIONS if in_bulk else ONE_BY_ONE, database)
    handled = {"service": "notifications", "type": InvoiceCreated.type_name()}

    def look() -> None:
        if stopwatch.finished(_counted("tsudoi_messages_handled_total", **handled)):
            stop.set()

    consume(running, broker, bulk=True, stop=stop, progress=look)


def _counted(metric: str, **labels: str) -> int:
    return int(REGISTRY.get_sample_value(metric, labels) or 0)
