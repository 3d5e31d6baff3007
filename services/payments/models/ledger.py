"""The books: journal entries of double-entry postings. Rows are only ever added; the database refuses all else.

A posting names the account that is debited, the one that is credited, and one amount: an entry that does not balance
can't be written down."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.payments.models.base import Base
from shared import clock
from shared.db import Id, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class EntryRow(SocietyOwned, Base):
    """A journal entry 仕訳: what happened, when it was booked, from when it counts."""

    __tablename__ = "entries"
    __table_args__ = (sa.Index("ix_entries_day", "society_id", "booked_on", "id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    booked_on: Mapped[date]
    value_on: Mapped[date]
    booked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    kind: Mapped[str]  # payment | reversal | deposit | assignment | deposit_reversal
    subject: Mapped[str]  # payment/<id>, deposit/<id>
    payment_id: Mapped[str | None] = mapped_column(Id, index=True)
    memo: Mapped[str] = mapped_column(default="")
    booked_by: Mapped[str] = mapped_column(default="")

    postings: Mapped[list[PostingRow]] = relationship(back_populates="entry", lazy="selectin")


class PostingRow(SocietyOwned, Base):
    """An amount moved to the debit side 借方 of one account from the credit side 貸方 of another. Yen."""

    __tablename__ = "postings"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount"),
        sa.CheckConstraint("debit <> credit", name="two_accounts"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    entry_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("entries.id"), index=True)
    debit: Mapped[str]
    credit: Mapped[str]
    amount: Mapped[int]

    entry: Mapped[EntryRow] = relationship(back_populates="postings")
