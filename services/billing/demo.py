"""Billing's part of the demo society: a fee schedule for this fiscal year and the next."""

from __future__ import annotations

from services.billing import fees
from shared import clock
from shared.demo import CATEGORIES, SOCIETY
from shared.japan.calendar import fiscal_year_of
from shared.service import RunningService

ANNUAL = {"regular": 10_000, "student": 3_000, "honorary": 0}
ADMISSION = {"regular": 2_000, "student": 1_000}


def fill(running: RunningService) -> None:
    """Once; a second time changes nothing."""
    with running.unit(SOCIETY) as uow:
        this_year = fiscal_year_of(clock.today())
        for year in (this_year, this_year + 1):
            known = {fee.category for fee in fees.fees_of(uow, year)}
            for code, name, name_en in CATEGORIES:
                if code not in known:
                    fees.set_fee(
                        uow,
                        category=code,
                        fiscal_year=year,
                        annual_fee=ANNUAL[code],
                        admission_fee=ADMISSION.get(code, 0),
                        title=f"年会費（{name}）",
                        title_en=f"Annual dues ({name_en.lower()})",
                    )
