"""Requests to pay: one per invoice, kept equal to billing's newest word on it."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared import clock
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class RequestRow(SocietyOwned, Base):
    """A request to pay 決済依頼: what is due on one invoice, by whom, and how it may be paid. Yen."""

    __tablename__ = "requests"
    __table_args__ = (
        sa.UniqueConstraint("invoice_id"),
        sa.Index("ix_requests_payer", "society_id", "payer_id", "state"),
        sa.Index("ix_requests_due", "society_id", "state", "due"),
        sa.CheckConstraint("due >= 0", name="due"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    invoice_id: Mapped[str] = mapped_column(Id)
    invoice_revision: Mapped[int]  # an older word of billing never overwrites a newer one
    invoice_number: Mapped[str]
    payer_id: Mapped[str] = mapped_column(Id)
    title: Mapped[str]
    title_en: Mapped[str]
    due: Mapped[int]
    due_on: Mapped[date | None]
    methods: Mapped[list[str]] = mapped_column(Json)  # empty: all that the society offers
    state: Mapped[str]  # open | paid | closed
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)

    def title_in(self, language: str) -> str:
        return (self.title_en or self.title) if language == "en" else self.title
