"""Billing runs 請求作成: plan, preview, create drafts, confirm 請求内容確定, cancel 請求取消 (B2, B5, B7).

The use-cases here decide and start the long work; `run_work` does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.billing import fees, selection
from services.billing.errors import (
    FeesMissing,
    RunAsksNobody,
    RunBusy,
    RunIsPaid,
    RunNotCreated,
    RunNotPlanned,
    RunOver,
)
from services.billing.models import InvoiceRow, RunRow, RunState
from shared import audit, jobs
from shared.errors import N_, Fault
from shared.uow import UnitOfWork

SHOWN_BLOCKS = 20


def plan_run(
    uow: UnitOfWork,
    *,
    name: str,
    name_en: str = "",
    fiscal_year: int,
    charge_start: date,
    due_on: date,
    excluded_categories: Sequence[str] = (),
    include_on_leave: bool = False,
) -> RunRow:
    """Note the conditions of a run; nothing is made yet. Raises FeesMissing if that year has no fee schedule."""
    if not fees.fees_of(uow, fiscal_year):
        raise FeesMissing(year=fiscal_year)
    run = RunRow(
        name=name,
        name_en=name_en or name,
        fiscal_year=fiscal_year,
        charge_start=charge_start.replace(day=1),
        due_on=due_on,
        conditions={"excluded_categories": sorted(set(excluded_categories)), "include_on_leave": include_on_leave},
        created_by=uow.actor.name,
    )
    uow.add(run)
    uow.session.flush()
    audit.record(uow, "plan-run", f"run/{run.id}", after=_facts(run))
    return run


def change_plan(uow: UnitOfWork, id: str, **values: Any) -> RunRow:
    """Change the conditions of a planned run. Raises RunNotPlanned once it was started."""
    run = _locked(uow, id, RunNotPlanned, RunState.PLANNED)
    conditions: dict[str, Any] = {
        key: values.pop(key) for key in ("excluded_categories", "include_on_leave") if key in values
    }
    for name, value in values.items():
        setattr(run, name, value)
    run.charge_start = run.charge_start.replace(day=1)
    run.conditions = {**run.conditions, **conditions}
    return run


def start_run(uow: UnitOfWork, id: str) -> RunRow:
    """Begin to create the drafts, as long work, with the fee schedule as it is now.

    Raises RunNotPlanned if somebody has started it already, RunAsksNobody if it would make no invoice."""
    run = _locked(uow, id, RunNotPlanned, RunState.PLANNED)
    if not selection.preview(uow, run).invoices:
        raise RunAsksNobody
    run.fees = fees.snapshot(uow, run.fiscal_year)
    run.state = RunState.CREATING
    run.job_id = jobs.start(uow, "create-run", {"run": run.id}, total=selection.count_members(uow)).id
    audit.record(uow, "start-run", f"run/{run.id}", after=_facts(run))
    return run


def confirm_run(uow: UnitOfWork, id: str) -> RunRow:
    """Make all drafts payable, as long work: numbers are assigned and everybody is told.

    Raises RunNotCreated if it is not complete or somebody has confirmed it already."""
    run = _locked(uow, id, RunNotCreated, RunState.CREATED)
    run.state, run.issued_on = RunState.CONFIRMING, uow.today
    run.job_id = jobs.start(uow, "confirm-run", {"run": run.id}, total=run.invoiced + run.nothing_due).id
    audit.record(uow, "confirm-run", f"run/{run.id}", after={"issued_on": str(run.issued_on), "total": run.total})
    return run


def cancel_run(uow: UnitOfWork, id: str) -> RunRow:
    """Cancel the whole run while nothing is paid. One that is being created stops: its next chunk finds it cancelling.

    Raises RunIsPaid naming what blocks, RunBusy while it is being confirmed, RunOver if it was cancelled before."""
    run = uow.get(RunRow, id, lock=True)
    if run.state == RunState.CANCELLED:
        raise RunOver
    if run.state in (RunState.CONFIRMING, RunState.CANCELLING):
        raise RunBusy
    _refuse_if_paid(uow, run)
    before = run.state
    if run.state == RunState.PLANNED:
        run.state = RunState.CANCELLED
    else:
        run.state = RunState.CANCELLING
        run.job_id = jobs.start(uow, "cancel-run", {"run": run.id}, total=run.invoiced + run.nothing_due).id
    audit.record(uow, "cancel-run", f"run/{run.id}", before={"state": before})
    return run


def go_on(uow: UnitOfWork, id: str) -> RunRow:
    """Start the long work of a run again after it failed; it continues where it stopped. Raises RunBusy if it runs."""
    run = uow.get(RunRow, id, lock=True)
    kinds = {RunState.CREATING: "create-run", RunState.CONFIRMING: "confirm-run", RunState.CANCELLING: "cancel-run"}
    if run.state not in kinds:
        raise RunNotPlanned
    job = jobs.look(uow, run.job_id) if run.job_id else None
    if job is not None and not job.is_over:
        raise RunBusy
    run.job_id = jobs.start(uow, kinds[RunState(run.state)], {"run": run.id}, total=job.total if job else 0).id
    audit.record(uow, "go-on-with-run", f"run/{run.id}")
    return run


def _refuse_if_paid(uow: UnitOfWork, run: RunRow) -> None:
    paid = sa.select(InvoiceRow).where(InvoiceRow.run_id == run.id, InvoiceRow.paid > 0)
    count = uow.session.scalar(sa.select(sa.func.count()).select_from(paid.subquery())) or 0
    if count:
        blocking = uow.session.scalars(paid.order_by(InvoiceRow.number).limit(SHOWN_BLOCKS))
        text = N_("%(number)s has a payment of ¥%(paid)s.")
        raise RunIsPaid(
            count=count, faults=[Fault(text, {"number": row.number, "paid": f"{row.paid:,}"}) for row in blocking]
        )


def _locked(uow: UnitOfWork, id: str, refusal: type[Exception], wanted: RunState) -> RunRow:
    run = uow.get(RunRow, id, lock=True)
    if run.state == RunState.CANCELLED:
        raise RunOver
    if run.state != wanted:
        raise refusal
    return run


def _facts(run: RunRow) -> dict[str, Any]:
    return {
        "name": run.name,
        "fiscal_year": run.fiscal_year,
        "charge_start": str(run.charge_start),
        "due_on": str(run.due_on),
        **run.conditions,
    }
