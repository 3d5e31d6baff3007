"""Fee schedule 会費設定: what each category pays in each fiscal year (B1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from services.billing.errors import FeeDoubled
from services.billing.models import FeeRow
from shared import audit
from shared.money import TaxClass
from shared.people import PersonRow
from shared.uow import UnitOfWork


@dataclass(frozen=True, order=True)
class Category:
    """A category 会員種別 that members are in, as its members carry it."""

    code: str
    name: str
    name_en: str

    def name_in(self, language: str) -> str:
        return (self.name_en or self.name or self.code) if language == "en" else (self.name or self.code)


def fees_of(uow: UnitOfWork, fiscal_year: int) -> list[FeeRow]:
    """The schedule of one fiscal year, dearest first."""
    statement = (
        sa.select(FeeRow).where(FeeRow.fiscal_year == fiscal_year).order_by(FeeRow.annual_fee.desc(), FeeRow.category)
    )
    return list(uow.session.scalars(statement))


def fiscal_years(uow: UnitOfWork) -> list[int]:
    """Fiscal years that have a schedule, newest first."""
    return list(uow.session.scalars(sa.select(FeeRow.fiscal_year).distinct().order_by(FeeRow.fiscal_year.desc())))


def categories(uow: UnitOfWork) -> list[Category]:
    """All categories that somebody is in, by code."""
    p = PersonRow
    statement = (
        sa.select(p.category, sa.func.max(p.category_name), sa.func.max(p.category_name_en))
        .where(p.category.is_not(None))
        .group_by(p.category)
        .order_by(p.category)
    )
    return [Category(code or "", name or "", name_en or "") for code, name, name_en in uow.session.execute(statement)]


def set_fee(
    uow: UnitOfWork,
    *,
    category: str,
    fiscal_year: int,
    annual_fee: int,
    admission_fee: int = 0,
    tax_class: str = TaxClass.OUT_OF_SCOPE.value,
    title: str,
    title_en: str = "",
) -> FeeRow:
    """Add a fee to the schedule. Raises FeeDoubled where that category and year have one."""
    row = FeeRow(
        category=category,
        fiscal_year=fiscal_year,
        annual_fee=annual_fee,
        admission_fee=admission_fee,
        tax_class=tax_class,
        title=title,
        title_en=title_en,
    )
    try:
        with uow.session.begin_nested():
            uow.add(row)
            uow.session.flush()
    except IntegrityError as error:
        raise FeeDoubled(category=category, year=fiscal_year) from error
    audit.record(uow, "set-fee", f"fee/{row.id}", after=_values(row))
    return row


def change_fee(uow: UnitOfWork, id: str, **values: Any) -> FeeRow:
    """Change amounts, tax class or titles. Runs that were started keep the schedule that they began with."""
    row = uow.get(FeeRow, id, lock=True)
    before = _values(row)
    for name, value in values.items():
        setattr(row, name, value)
    audit.record(uow, "change-fee", f"fee/{row.id}", before=before, after=_values(row))
    return row


def remove_fee(uow: UnitOfWork, id: str) -> None:
    """Take a fee out of the schedule."""
    row = uow.get(FeeRow, id, lock=True)
    audit.record(uow, "remove-fee", f"fee/{row.id}", before=_values(row))
    uow.session.delete(row)


def copy_fees(uow: UnitOfWork, *, from_year: int, to_year: int) -> int:
    """Take over the schedule of another year for the categories that have no fee yet. Returns how many were copied."""
    known = {fee.category for fee in fees_of(uow, to_year)}
    missing = [fee for fee in fees_of(uow, from_year) if fee.category not in known]
    for fee in missing:
        set_fee(uow, **{**_values(fee), "fiscal_year": to_year})
    return len(missing)


def snapshot(uow: UnitOfWork, fiscal_year: int) -> dict[str, dict[str, Any]]:
    """The schedule by category, as a run keeps it."""
    return {fee.category: _values(fee) for fee in fees_of(uow, fiscal_year)}


def _values(row: FeeRow) -> dict[str, Any]:
    names = ("category", "fiscal_year", "annual_fee", "admission_fee", "tax_class", "title", "title_en")
    return {name: getattr(row, name) for name in names}
