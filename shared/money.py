"""Money is whole yen in an `int`. Consumption tax is computed per rate and rounded once per rate per document
(消費税法施行令70条の10; 基通1-8-15)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NewType

Yen = NewType("Yen", int)


class TaxClass(StrEnum):
    """How consumption tax treats a line."""

    STANDARD = "standard"  # 課税 10 %
    REDUCED = "reduced"  # 課税 8 %（軽減）
    OUT_OF_SCOPE = "out_of_scope"  # 不課税: what annual dues usually are
    EXEMPT = "exempt"  # 非課税
    EXPORT = "export"  # 免税

    @property
    def percent(self) -> int:
        return {TaxClass.STANDARD: 10, TaxClass.REDUCED: 8}.get(self, 0)


def tax_included(lines: Iterable[tuple[int, TaxClass]]) -> dict[TaxClass, tuple[int, int]]:
    """Per tax class: (total with tax, tax in it), yen, for amounts that include tax; rounded down once per class."""
    totals: dict[TaxClass, int] = {}
    for amount, tax_class in lines:
        totals[tax_class] = totals.get(tax_class, 0) + amount
    return {c: (total, _tax_in(total, c.percent)) for c, total in totals.items()}


def _tax_in(total: int, percent: int) -> int:
    tax = abs(total) * percent // (100 + percent)
    return tax if total >= 0 else -tax


def tax_excluded(lines: Iterable[tuple[int, TaxClass]]) -> dict[TaxClass, tuple[int, int]]:
    """Per tax class: (total without tax, tax on it), yen, for amounts that exclude tax; rounded down once per class."""
    totals: dict[TaxClass, int] = {}
    for amount, tax_class in lines:
        totals[tax_class] = totals.get(tax_class, 0) + amount
    return {c: (total, _tax_on(total, c.percent)) for c, total in totals.items()}


def _tax_on(total: int, percent: int) -> int:
    tax = abs(total) * percent // 100
    return tax if total >= 0 else -tax
