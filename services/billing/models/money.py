"""Payments as billing knows them, the allocation ledger 入金消込 that joins them to invoices, and credit 過払い."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.billing.models.base import Base
from shared.db import Id
from shared.ids import new_id
from shared.society import SocietyOwned


class PaymentRow(SocietyOwned, Base):
    """Money that payments reported, under payments' id: the same report twice finds it here."""

    __tablename__ = "payments"
    __table_args__ = (
        sa.Index("ix_payments_payer_id", "payer_id"),
        sa.CheckConstraint("amount > 0", name="positive"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    payer_id: Mapped[str] = mapped_column(Id)
    invoice_id: Mapped[str | None] = mapped_column(Id)  # what the payer meant to pay
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    method: Mapped[str]
    received_on: Mapped[date]
    provider_number: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="received")  # received | reversed
    received_at: Mapped[datetime]


class AllocationRow(SocietyOwned, Base):
    """One entry: so much of this payment counts for this invoice; negative where that was taken back. Never changed."""

    __tablename__ = "allocations"
    __table_args__ = (
        sa.Index("ix_allocations_payment_id", "payment_id"),
        sa.Index("ix_allocations_invoice_id", "invoice_id"),
        sa.CheckConstraint("amount <> 0", name="not_zero"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    payment_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("payments.id"))
    invoice_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("invoices.id"))
    amount: Mapped[int] = mapped_column(sa.BigInteger)
    cause: Mapped[str]  # received | credit_used | payment_reversed | invoice_cancelled
    at: Mapped[datetime]


class CreditRow(SocietyOwned, Base):
    """A payer's account: what came in and counts for no invoice. Its lock is taken first by all that moves money."""

    __tablename__ = "credits"
    __table_args__ = (sa.CheckConstraint("balance >= 0", name="not_negative"),)

    payer_id: Mapped[str] = mapped_column(Id, primary_key=True)
    balance: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    revision: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime]
