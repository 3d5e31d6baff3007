"""A billing run of a site, started as staff do and watched from outside."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date

import sqlalchemy as sa

from services.billing import fees, runs
from services.billing.models import RunState
from tests.faults.books import reading
from tests.faults.site import Site

FEES = {"early": 10_000, "regular": 10_000, "honorary": 0}
STAGES = ("creating", "confirming", "spreading")
PROGRESS = {
    "creating": ("billing", "SELECT count(*) FROM run_results WHERE run_id = :run"),
    "confirming": ("billing", "SELECT count(*) FROM invoices WHERE run_id = :run AND number IS NOT NULL"),
    "spreading": ("payments", "SELECT count(*) FROM requests WHERE society_id = :society"),
}


class BillingRun:
    """One run; `progress` of a stage is a share between 0 and 1, None while the database does not answer."""

    def __init__(
        self, site: Site, society: str, *, members: int, year: int = 2026, yen: Mapping[str, int] = FEES
    ) -> None:
        self.site, self.society, self.members = site, society, members
        with site.running("billing") as running, running.unit(society) as uow:
            for category, fee in yen.items():
                fees.set_fee(uow, category=category, fiscal_year=year, annual_fee=fee, title="年会費", title_en="Dues")
            self.id = runs.plan_run(
                uow,
                name=f"{year}年度年会費",
                fiscal_year=year,
                charge_start=date(year, 4, 1),
                due_on=date(year + 1, 3, 31),
            ).id

    def start(self) -> None:
        with self.site.running("billing") as running, running.unit(self.society) as uow:
            runs.start_run(uow, self.id)

    def confirm(self) -> None:
        with self.site.running("billing") as running, running.unit(self.society) as uow:
            runs.confirm_run(uow, self.id)

    def whole(self) -> None:
        """From nothing to confirmed."""
        self.start()
        self.wait_for(RunState.CREATED)
        self.confirm()
        self.wait_for(RunState.CONFIRMED)

    def wait_for(self, state: RunState, *, seconds: float = 120) -> None:
        self.site.wait_until(lambda: self.state() == state, seconds=seconds, why=self.state)

    def state(self) -> str | None:
        return self._ask("billing", "SELECT state FROM runs WHERE id = :run")

    def progress(self, stage: str) -> float | None:
        done = self._ask(*PROGRESS[stage])
        return None if done is None else int(done) / self.members

    def _ask(self, database: str, query: str) -> str | None:
        with suppress(sa.exc.DBAPIError), reading({database: self.site.databases[database]}) as books:
            known = {"run": self.id, "society": self.society}
            answer = books.one(database, query, **{name: known[name] for name in known if f":{name}" in query})
            return None if answer is None else str(answer)
        return None
