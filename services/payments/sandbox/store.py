"""The sandbox's own books, in a file of its own: charges, the notices that it still owes, the bank's statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from shared import clock
from shared.db import Json, UtcDateTime, make_engine


class SandboxBase(DeclarativeBase):
    pass


class Merchant(SandboxBase):
    """Who collects: one society each, with the bank account on which its money arrives."""

    __tablename__ = "merchants"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    account_number: Mapped[str]


class ChargeRow(SandboxBase):
    """What a merchant asked us to collect. Card numbers are not kept: only what the card does, and four digits."""

    __tablename__ = "charges"
    __table_args__ = (sa.UniqueConstraint("merchant", "key"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    merchant: Mapped[str] = mapped_column(index=True)
    key: Mapped[str]
    asked: Mapped[dict[str, Any]] = mapped_column(Json)  # the request, to tell a repetition from another one
    method: Mapped[str]
    amount: Mapped[int]
    currency: Mapped[str]
    title: Mapped[str]
    chain: Mapped[str | None]
    number: Mapped[str | None] = mapped_column(index=True)  # konbini number, or branch and account
    confirmation: Mapped[str | None]
    pay_until: Mapped[datetime] = mapped_column(UtcDateTime)
    return_url: Mapped[str]
    notify_url: Mapped[str]
    redirect_url: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="waiting")
    provisional: Mapped[bool] = mapped_column(default=False)
    failure: Mapped[str | None]
    card: Mapped[str | None]  # what the test card does
    card_tail: Mapped[str | None]
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, index=True)


class EventRow(SandboxBase):
    """Something that happened to a charge, as its merchant is told."""

    __tablename__ = "events"

    id: Mapped[str] = mapped_column(primary_key=True)
    charge_id: Mapped[str] = mapped_column(sa.ForeignKey("charges.id"), index=True)
    type: Mapped[str]
    body: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class DeliveryRow(SandboxBase):
    """One sending of an event. `manner`: signed | forged | stale (with a signature of ten minutes ago)."""

    __tablename__ = "deliveries"
    __table_args__ = (sa.Index("ix_deliveries_open", "state", "next_try_at"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(sa.ForeignKey("events.id"), index=True)
    url: Mapped[str]
    manner: Mapped[str] = mapped_column(default="signed")
    state: Mapped[str] = mapped_column(default="open")  # open | done | given_up
    tries: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None]
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class TransferRow(SandboxBase):
    """One line of the bank's statement: a transfer in, or one taken back."""

    __tablename__ = "transfers"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    merchant: Mapped[str] = mapped_column(index=True)
    number: Mapped[str]  # virtual account (branch and number); empty: to the merchant's own account
    amount: Mapped[int]
    payer_name: Mapped[str]
    value_on: Mapped[date]
    booked_on: Mapped[date] = mapped_column(index=True)
    reversal: Mapped[bool] = mapped_column(default=False)
    taken_back: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class Store:
    """The file. Threads share it."""

    def __init__(self, home: Path) -> None:
        self._engine = make_engine(f"sqlite:///{home / 'sandbox.db'}")
        SandboxBase.metadata.create_all(self._engine)

    @contextmanager
    def session(self) -> Iterator[Session]:
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        self._engine.dispose()
