"""Figures of a fiscal year (B19+): billed, received and outstanding, in all, by category and by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.billing.models import (
    AllocationRow,
    CreditRow,
    InvoiceKind,
    InvoiceRow,
    InvoiceState,
    PaymentRow,
    RunRow,
    RunState,
)
from services.billing.search import OPEN
from shared.uow import UnitOfWork


@dataclass(frozen=True)
class Sums:
    """Yen, and how many invoices."""

    billed: int = 0
    received: int = 0
    invoices: int = 0
    settled: int = 0

    @property
    def outstanding(self) -> int:
        return self.billed - self.received

    @property
    def percent(self) -> float:
        return 100 * self.received / self.billed if self.billed else 0.0


@dataclass(frozen=True)
class Month:
    year: int
    month: int
    billed: int
    received: int


@dataclass(frozen=True)
class Figures:
    """What the dashboard shows of one fiscal year. `by_category`: code, or None for what is no annual invoice."""

    all: Sums
    by_category: Sequence[tuple[str | None, Sums]]
    by_month: Sequence[Month]
    overdue: int
    overdue_invoices: int


def figures_of(uow: UnitOfWork, fiscal_year: int) -> Figures:
    """Invoices that are issued and not cancelled, by the fiscal year that they are for."""
    row = InvoiceRow
    issued = sa.and_(row.fiscal_year == fiscal_year, row.number.is_not(None), row.state != InvoiceState.CANCELLED)
    category = sa.case((row.kind == InvoiceKind.ANNUAL, row.category), else_=sa.null())
    groups = sa.select(category.label("category"), row.total, row.paid, row.state).where(issued).subquery()
    settled = sa.case((groups.c.state.in_((InvoiceState.PAID, InvoiceState.NOTHING_DUE)), 1), else_=0)
    statement = sa.select(
        groups.c.category,
        sa.func.sum(groups.c.total),
        sa.func.sum(groups.c.paid),
        sa.func.count(),
        sa.func.sum(settled),
    ).group_by(groups.c.category)
    by_category = [(code, Sums(*map(int, sums))) for code, *sums in uow.session.execute(statement)]
    by_category.sort(key=lambda item: (item[0] is None, -item[1].billed, item[0] or ""))
    late = sa.select(sa.func.coalesce(sa.func.sum(row.total - row.paid), 0), sa.func.count()).where(
        issued, row.state.in_(OPEN), row.due_on < uow.today
    )
    overdue, overdue_invoices = uow.session.execute(late).one()
    return Figures(
        all=_sum([sums for _code, sums in by_category]),
        by_category=by_category,
        by_month=_by_month(uow, fiscal_year, issued),
        overdue=int(overdue),
        overdue_invoices=overdue_invoices,
    )


def _sum(parts: Sequence[Sums]) -> Sums:
    names = ("billed", "received", "invoices", "settled")
    return Sums(**{name: sum(getattr(part, name) for part in parts) for name in names})


def _by_month(uow: UnitOfWork, fiscal_year: int, issued: Any) -> list[Month]:
    """Twelve months of the fiscal year; what came before or after counts to the first or last of them."""
    billed = _months(uow, InvoiceRow.issued_on, InvoiceRow.total, lambda s: s.where(issued))
    received = _months(
        uow,
        PaymentRow.received_on,
        AllocationRow.amount,
        lambda s: (
            s.join(AllocationRow, AllocationRow.payment_id == PaymentRow.id)
            .join(InvoiceRow, InvoiceRow.id == AllocationRow.invoice_id)
            .where(issued)
        ),
    )
    first = fiscal_year * 12 + uow.society.fiscal_year_starts - 1
    months = range(first, first + 12)

    def within(found: dict[int, int]) -> dict[int, int]:
        clipped: dict[int, int] = {}
        for month, amount in found.items():
            place = min(max(month, months[0]), months[-1])
            clipped[place] = clipped.get(place, 0) + amount
        return clipped

    in_billed, in_received = within(billed), within(received)
    return [Month(m // 12, m % 12 + 1, in_billed.get(m, 0), in_received.get(m, 0)) for m in months]


def _months(uow: UnitOfWork, day: Any, amount: Any, narrow: Any) -> dict[int, int]:
    """Sums by month, a month as one number: years times twelve."""
    days = narrow(
        sa.select(sa.extract("year", day).label("y"), sa.extract("month", day).label("m"), amount.label("amount"))
    )
    c = days.subquery().c
    found = uow.session.execute(sa.select(c.y, c.m, sa.func.sum(c.amount)).group_by(c.y, c.m))
    return {int(year) * 12 + int(month) - 1: int(total) for year, month, total in found if year is not None}


@dataclass(frozen=True)
class Waiting:
    """What waits for staff."""

    runs_to_confirm: Sequence[RunRow]
    credit: int
    payers_with_credit: int


def waiting(uow: UnitOfWork) -> Waiting:
    runs = uow.session.scalars(
        sa.select(RunRow).where(RunRow.state == RunState.CREATED).order_by(RunRow.created_at)
    ).all()
    statement = sa.select(sa.func.coalesce(sa.func.sum(CreditRow.balance), 0), sa.func.count())
    credit, payers = uow.session.execute(statement.where(CreditRow.balance > 0)).one()
    return Waiting(runs, int(credit), payers)
