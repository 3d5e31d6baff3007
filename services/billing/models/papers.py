"""Receipts 領収書, and the number sequences of documents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.billing.models.base import Base
from shared.db import Id
from shared.ids import new_id
from shared.society import SocietyOwned

LIVE = sa.text("voided_at IS NULL")


class ReceiptRow(SocietyOwned, Base):
    """The receipt of an invoice that was paid in full. One counts at a time; one whose money went back is void."""

    __tablename__ = "receipts"
    __table_args__ = (
        sa.Index("uq_receipts_live", "invoice_id", unique=True, postgresql_where=LIVE, sqlite_where=LIVE),
        sa.UniqueConstraint("society_id", "number"),
        sa.Index("ix_receipts_payer_id", "payer_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    number: Mapped[str]
    invoice_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("invoices.id"))
    payment_id: Mapped[str | None] = mapped_column(Id)  # the one that completed it
    payer_id: Mapped[str] = mapped_column(Id)
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    issued_on: Mapped[date]
    document: Mapped[dict[str, Any]]  # all that it shows, frozen
    downloads: Mapped[int] = mapped_column(default=0)  # by the payer; the second is marked 再発行 (B15)
    voided_at: Mapped[datetime | None]

    @property
    def is_void(self) -> bool:
        return self.voided_at is not None


class SequenceRow(SocietyOwned, Base):
    """The last number given out for one kind of document in one fiscal year: drawn in the transaction of the document,
    so that numbers run without gaps."""

    __tablename__ = "document_sequences"
    __table_args__ = (sa.UniqueConstraint("society_id", "kind", "year"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str]  # invoice | receipt
    year: Mapped[int]
    last: Mapped[int]
