"""Money that came in, and its reversals. Rows are only ever added."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.payments.models.base import Base
from shared import clock
from shared.db import Id, UtcDateTime
from shared.ids import new_id
from shared.messages import payments as said
from shared.society import SocietyOwned


class PaymentRow(SocietyOwned, Base):
    """A payment 入金. Yen. Never changed: a reversal is a row of its own (the database refuses updates and deletes)."""

    __tablename__ = "payments"
    __table_args__ = (
        sa.UniqueConstraint("provider", "provider_number"),
        sa.UniqueConstraint("society_id", "entry_key"),
        sa.Index("ix_payments_received", "society_id", "received_on", "id"),
        sa.Index("ix_payments_invoice", "invoice_id"),
        sa.Index("ix_payments_payer", "society_id", "payer_id"),
        sa.CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    amount: Mapped[int]
    method: Mapped[str]  # card | konbini | bank_transfer | cash | postal | other
    received_on: Mapped[date]  # value date 起算日
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    invoice_id: Mapped[str | None] = mapped_column(Id)
    payer_id: Mapped[str | None] = mapped_column(Id)
    request_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("requests.id"))
    attempt_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("attempts.id"))
    deposit_id: Mapped[str | None] = mapped_column(Id)
    provider: Mapped[str | None]  # None: entered by staff or from a bank file
    provider_number: Mapped[str | None]
    late: Mapped[bool] = mapped_column(default=False)  # came after the told deadline, or for what was closed already
    memo: Mapped[str] = mapped_column(default="")
    entry_key: Mapped[str | None]  # of the form that entered it: sent twice counts once
    recorded_by: Mapped[str] = mapped_column(default="")

    reversal: Mapped[ReversalRow | None] = relationship(back_populates="payment", lazy="selectin")

    @property
    def is_reversed(self) -> bool:
        return self.reversal is not None

    def public(self) -> said.Payment:
        """What other services may know of it."""
        return said.Payment(
            id=self.id,
            revision=2 if self.is_reversed else 1,
            amount=self.amount,
            method=self.method,
            received_on=self.received_on,
            received_at=self.received_at,
            invoice_id=self.invoice_id,
            payer_id=self.payer_id,
            request_id=self.request_id,
            provider=self.provider,
            provider_number=self.provider_number,
        )


class ReversalRow(SocietyOwned, Base):
    """A payment taken back 入金履歴削除, with the reason. At most one per payment."""

    __tablename__ = "reversals"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    payment_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("payments.id"), unique=True)
    memo: Mapped[str]
    reversed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    reversed_by: Mapped[str] = mapped_column(default="")

    payment: Mapped[PaymentRow] = relationship(back_populates="reversal")
