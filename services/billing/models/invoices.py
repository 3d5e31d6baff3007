"""Invoices 請求 and what is always true of them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.billing.models.base import Base
from shared import clock
from shared.db import Id
from shared.ids import new_id
from shared.messages.billing import Invoice, InvoiceLine
from shared.society import SocietyOwned, current_society


class InvoiceKind(StrEnum):
    ANNUAL = "annual"  # 年次請求
    ADMISSION = "admission"  # 入会時請求
    ONE_OFF = "one_off"  # 個別請求
    EVENT = "event"  # イベント参加費


class InvoiceState(StrEnum):
    """Follows from total and allocations (I6), save for drafts and cancelled ones. Too much is credit 過払い."""

    DRAFT = "draft"  # 未確定
    UNPAID = "unpaid"  # 未入金
    PART_PAID = "part_paid"  # 一部入金
    PAID = "paid"  # 入金済
    NOTHING_DUE = "nothing_due"  # 入金不要
    CANCELLED = "cancelled"  # 取消


LIVE_ANNUAL = sa.text("kind = 'annual' AND state <> 'cancelled'")
LIVE_REGISTRATION = sa.text("registration_id IS NOT NULL AND state <> 'cancelled'")

NUMBERED = sa.text("number IS NOT NULL")


class InvoiceRow(SocietyOwned, Base):
    """One invoice to one payer. `lines`: objects with title, title_en, amount, tax_class, fiscal_year."""

    __tablename__ = "invoices"
    __table_args__ = (
        sa.Index(
            "uq_invoices_live_annual",
            "society_id",
            "payer_id",
            "fiscal_year",
            unique=True,
            postgresql_where=LIVE_ANNUAL,
            sqlite_where=LIVE_ANNUAL,
        ),
        sa.Index(
            "uq_invoices_live_registration",
            "society_id",
            "registration_id",
            unique=True,
            postgresql_where=LIVE_REGISTRATION,
            sqlite_where=LIVE_REGISTRATION,
        ),
        sa.Index("uq_invoices_run_id_payer_id", "run_id", "payer_id", unique=True),
        sa.Index(
            "uq_invoices_number",
            "society_id",
            "number",
            unique=True,
            postgresql_where=NUMBERED,
            sqlite_where=NUMBERED,
        ),
        sa.Index("ix_invoices_payer_id", "payer_id"),
        sa.CheckConstraint("total >= 0 AND paid >= 0 AND paid <= total", name="paid_within_total"),
        sa.CheckConstraint("paid = 0 OR state IN ('part_paid', 'paid')", name="paid_only_when_live"),
    )

    society_id: Mapped[str] = mapped_column(
        Id, default=current_society.get, sort_order=-1
    )  # other indexes begin with it
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    revision: Mapped[int] = mapped_column(default=1)
    kind: Mapped[str]
    state: Mapped[str]
    payer_id: Mapped[str] = mapped_column(Id)
    title: Mapped[str]
    title_en: Mapped[str]
    category: Mapped[str | None]  # the payer's, when the invoice was made
    fiscal_year: Mapped[int]
    total: Mapped[int] = mapped_column(sa.BigInteger)
    paid: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    number: Mapped[str | None]  # assigned when it becomes payable; a draft has none
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]
    run_id: Mapped[str | None] = mapped_column(Id)
    registration_id: Mapped[str | None] = mapped_column(Id)
    methods: Mapped[list[Any]] = mapped_column(default=list)
    lines: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    cancelled_at: Mapped[datetime | None]
    document: Mapped[dict[str, Any] | None]  # what the PDF shows, frozen when it is first printed

    @property
    def due(self) -> int:
        """Yen that are still to be paid."""
        return 0 if self.state == InvoiceState.CANCELLED else max(0, self.total - self.paid)

    @property
    def is_issued(self) -> bool:
        return self.number is not None

    def state_by_allocations(self) -> InvoiceState:
        """I6: of an issued invoice that is not cancelled."""
        if self.total == 0:
            return InvoiceState.NOTHING_DUE
        if self.paid == 0:
            return InvoiceState.UNPAID
        return InvoiceState.PAID if self.paid == self.total else InvoiceState.PART_PAID

    def title_in(self, language: str) -> str:
        return (self.title_en or self.title) if language == "en" else self.title

    def public(self) -> Invoice:
        """The invoice as the world outside billing sees it."""
        assert self.number is not None and self.issued_on is not None, "drafts are nobody's business"
        return Invoice(
            id=self.id,
            revision=self.revision,
            number=self.number,
            payer_id=self.payer_id,
            kind=self.kind,
            title=self.title,
            title_en=self.title_en,
            total=self.total,
            paid=self.paid,
            due=self.due,
            state=self.state,
            issued_on=self.issued_on,
            due_on=self.due_on,
            fiscal_year=self.fiscal_year,
            run_id=self.run_id,
            registration_id=self.registration_id,
            methods=tuple(self.methods),
            lines=tuple(public_line(line) for line in self.lines),
        )


def public_line(line: dict[str, Any]) -> InvoiceLine:
    return InvoiceLine(
        title=line["title"], amount=line["amount"], tax_class=line["tax_class"], fiscal_year=line["fiscal_year"]
    )
