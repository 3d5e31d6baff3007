"""Consumption tax: the examples of the tax agency and of others who got it wrong once (docs: one rounding per rate)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.money import TaxClass, tax_excluded, tax_included

S, R = TaxClass.STANDARD, TaxClass.REDUCED
_AMOUNTS = st.lists(st.tuples(st.integers(-(10**9), 10**9), st.sampled_from(list(TaxClass))), max_size=20)


@pytest.mark.rule("B14")
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([(60_000, S), (40_000, R)], {S: (60_000, 5_454), R: (40_000, 2_962)}),
        ([(1_000, S)], {S: (1_000, 90)}),
        ([(13_582, S), (13_582, S)], {S: (27_164, 2_469)}),
        (
            [(12_000, TaxClass.OUT_OF_SCOPE), (500, TaxClass.EXEMPT)],
            {TaxClass.OUT_OF_SCOPE: (12_000, 0), TaxClass.EXEMPT: (500, 0)},
        ),
        ([(-60_000, S)], {S: (-60_000, -5_454)}),
    ],
)
def test_tax_in_amounts_is_rounded_down_once_per_rate(
    lines: list[tuple[int, TaxClass]], expected: dict[TaxClass, tuple[int, int]]
) -> None:
    assert tax_included(lines) == expected


@pytest.mark.rule("B14")
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([(23_894, S), (22_332, R)], {S: (23_894, 2_389), R: (22_332, 1_786)}),
        ([(11_345, S), (9_987, R)], {S: (11_345, 1_134), R: (9_987, 798)}),
        ([(12_549, S), (12_345, R)], {S: (12_549, 1_254), R: (12_345, 987)}),
        ([(105, S)] * 3, {S: (315, 31)}),
    ],
)
def test_tax_on_amounts_is_rounded_down_once_per_rate(
    lines: list[tuple[int, TaxClass]], expected: dict[TaxClass, tuple[int, int]]
) -> None:
    assert tax_excluded(lines) == expected


def test_two_lines_of_13582_leave_24695_without_tax() -> None:
    total, tax = tax_included([(13_582, S), (13_582, S)])[S]
    assert total - tax == 24_695


@given(_AMOUNTS)
def test_totals_are_the_sum_of_the_lines_and_tax_is_below_the_exact_amount(lines: list[tuple[int, TaxClass]]) -> None:
    for tax_class, (total, tax) in tax_included(lines).items():
        assert total == sum(amount for amount, its in lines if its is tax_class)
        assert 0 <= abs(total) * tax_class.percent - abs(tax) * (100 + tax_class.percent) < 100 + tax_class.percent


@given(_AMOUNTS)
def test_what_is_taken_back_is_what_was_charged(lines: list[tuple[int, TaxClass]]) -> None:
    for compute in (tax_included, tax_excluded):
        back = compute([(-amount, tax_class) for amount, tax_class in lines])
        assert back == {c: (-total, -tax) for c, (total, tax) in compute(lines).items()}
