"""A whole billing run on the full stack: from "create" to every invoice confirmed and `InvoiceCreated` handled by
payments (request open) and notifications (letter queued). Straight: `tests.bench.straight`, with two consumers too."""

from __future__ import annotations

import time
from datetime import date

import sqlalchemy as sa

from services.billing import fees, runs
from services.billing.models import RunRow, RunState
from services.notifications.models import LetterRow
from services.payments.models import RequestRow
from shared.service import RunningService
from tests.bench import report, straight, world


def main() -> None:
    n = report.size(100_000)
    with world.stack() as stack:
        limit = straight.run(stack.database_url("billing", owner=True), stack.broker_url, n)
        world.fill(stack, n)
        billing, payments, notifications = (
            world.running(stack, name) for name in ("billing", "payments", "notifications")
        )
        with billing.unit(world.SOCIETY) as uow:
            fees.set_fee(
                uow,
                category="regular",
                fiscal_year=2026,
                annual_fee=10_000,
                title="正会員年会費",
                title_en="Annual fee",
            )
            run = runs.plan_run(
                uow,
                name="2026年度年会費",
                name_en="Annual fee 2026",
                fiscal_year=2026,
                charge_start=date(2026, 4, 1),
                due_on=date(2027, 3, 31),
            )
        began = time.monotonic()
        created, confirmed = bill(billing, run.id)
        world.wait_until(lambda: count(payments, RequestRow) == n)
        world.wait_until(lambda: count(notifications, LetterRow) >= n)
        took = time.monotonic() - began
        memory = world.peak_memory(stack)
        report.tell(
            "billing_run",
            n,
            took,
            "s",
            limit,
            created_s=round(created, 2),
            confirmed_s=round(confirmed, 2),
            per_second=round(n / took),
            peak_mib=max(memory.values()),
            peak_process=max(memory, key=lambda name: memory[name]),
        )


def bill(billing: RunningService, run_id: str) -> tuple[float, float]:
    """Create the drafts of a planned run and confirm them; the seconds after which each was done."""
    began = time.monotonic()
    with billing.unit(world.SOCIETY) as uow:
        runs.start_run(uow, run_id)
    world.wait_until(lambda: state_of(billing, run_id) == RunState.CREATED)
    created = time.monotonic() - began
    with billing.unit(world.SOCIETY) as uow:
        runs.confirm_run(uow, run_id)
    world.wait_until(lambda: state_of(billing, run_id) == RunState.CONFIRMED)
    return created, time.monotonic() - began


def state_of(billing: RunningService, id: str) -> str:
    with billing.unit(world.SOCIETY, reading=True) as uow:
        return uow.get(RunRow, id).state


def count(running: RunningService, table: type[RequestRow] | type[LetterRow]) -> int:
    with running.unit(world.SOCIETY, reading=True) as uow:
        return uow.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


if __name__ == "__main__":
    main()
