"""Bank files and the deposits in them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared import clock
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class BankFileRow(SocietyOwned, Base):
    """A notice of money received 振込入金通知 as the bank wrote it. The same file is the same row."""

    __tablename__ = "bank_files"
    __table_args__ = (sa.UniqueConstraint("society_id", "sha256"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    sha256: Mapped[str]
    name: Mapped[str]
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    state: Mapped[str] = mapped_column(default="previewed")  # previewed | imported
    summary: Mapped[dict[str, Any]] = mapped_column(Json)  # accounts, days, counts and sums
    uploaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    uploaded_by: Mapped[str] = mapped_column(default="")
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DepositRow(SocietyOwned, Base):
    """One transfer in, or one that the bank took back (`reversal` 取消). Yen.

    The same line in two overlapping files is one deposit: lines of one account and day that are alike are told apart
    by their `ordinal` within a file."""

    __tablename__ = "deposits"
    __table_args__ = (
        sa.UniqueConstraint("society_id", "account", "booked_on", "line_hash", "ordinal"),
        sa.Index("ix_deposits_state", "society_id", "state", "booked_on"),
        sa.CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    bank_file_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("bank_files.id"))
    account: Mapped[str]  # bank-branch-kind-number that the money came to
    line: Mapped[int]
    line_hash: Mapped[str]
    ordinal: Mapped[int]
    booked_on: Mapped[date]
    value_on: Mapped[date]
    amount: Mapped[int]
    payer_name: Mapped[str]
    payer_code: Mapped[str]
    sending_bank: Mapped[str]
    sending_branch: Mapped[str]
    edi: Mapped[str]
    reversal: Mapped[bool]
    state: Mapped[str]  # matched | unidentified | assigned | reversed
    attempt_id: Mapped[str | None] = mapped_column(Id)  # to whom the account number once belonged
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
