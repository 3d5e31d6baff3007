"""A sixth service that hears everything and notes each message without a guard of its own: it shows what the inbox is
for, since the services' own use-cases would each forgive a message that is handled twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared import audit, jobs, outbox, people  # noqa: F401  (their tables belong to the kit's metadata)
from shared.bus import inbox, ticks  # noqa: F401
from shared.db import NAMING, Id, KitBase, make_engine
from shared.ids import new_id
from shared.messages import CONTRACTS, Message, encode
from shared.service import InBulk, RunningService, Service
from shared.settings import Settings
from shared.society import SocietyOwned
from shared.uow import UnitOfWork

NAME = "witness"


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


class SeenRow(SocietyOwned, Base):
    """One row each time that a message is handled. No two messages of the model have the same content."""

    __tablename__ = "seen"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    type: Mapped[str]
    payload: Mapped[str]


def note(uow: UnitOfWork, messages: Sequence[Message]) -> None:
    for message in messages:
        uow.add(SeenRow(type=message.type_name(), payload=encode(message)))


def note_one(uow: UnitOfWork, message: Message) -> None:
    note(uow, [message])


WITNESS = Service(
    name=NAME,
    package="tests.model",
    metadata=Base.metadata,
    subscriptions={
        contract: InBulk(note) if type_name.startswith("billing.") else note_one
        for type_name, contract in CONTRACTS.items()
    },
)


def start(database: str) -> RunningService:
    return WITNESS.start(Settings(service=NAME, database=database, secret="x" * 32, token_public=Path("none")))


def make_tables(database: str) -> None:
    engine = make_engine(database, pool_size=1)
    with engine.begin() as connection:
        for metadata in (KitBase.metadata, Base.metadata):
            metadata.create_all(connection)
    engine.dispose()
