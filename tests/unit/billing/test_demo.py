"""The demo society's fees."""

from __future__ import annotations

from services.billing import demo, fees
from shared import clock
from shared.demo import SOCIETY
from shared.japan.calendar import fiscal_year_of
from tests.unit.billing.office import Office


def test_the_demo_has_fees_for_two_years_and_is_filled_once(office: Office) -> None:
    this_year = fiscal_year_of(clock.today())
    for _twice in range(2):
        demo.fill(office.running)
    with office.running.unit(SOCIETY, reading=True) as uow:
        assert fees.fiscal_years(uow) == [this_year + 1, this_year]
        found = {fee.category: fee.annual_fee for fee in fees.fees_of(uow, this_year)}
    assert found == {"regular": 10_000, "student": 3_000, "honorary": 0}
