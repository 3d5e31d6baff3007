"""Billing runs in the staff console: conditions, preview, progress, results, confirmation, cancellation."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.billing import fees, labels, runs, search, selection
from services.billing.api.runs import RunConditionsSchema
from services.billing.models import RunResultRow, RunRow, RunState
from services.billing.roles import BILLING_CHANGE, BILLING_SEE
from shared import jobs
from shared.errors import TsudoiError
from shared.japan.calendar import fiscal_year_of, fiscal_year_span
from shared.people import PersonRow
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import Faults, form_again, load_form
from shared.web.i18n import language
from shared.web.listing import list_rows

runs_pages = Blueprint("runs", __name__, url_prefix="/billing/console/runs")


@runs_pages.get("")
@allow(*BILLING_SEE)
def list_runs() -> ResponseReturnValue:
    with reading() as uow:
        sortable = {
            "name": RunRow.name,
            "year": RunRow.fiscal_year,
            "total": RunRow.total,
            "created": RunRow.created_at,
        }
        listed = list_rows(uow.session, sa.select(RunRow), sortable, sort="-created", unique=RunRow.id)
        return render_template("billing/runs.html", listed=listed, states=labels.RUNS, may_bill=_may_bill())


@runs_pages.get("/new")
@allow(*BILLING_CHANGE)
def new_run() -> ResponseReturnValue:
    with reading() as uow:
        return render_template("billing/run_form.html", values=_suggestion(uow), **_choices(uow))


@runs_pages.post("")
@allow(*BILLING_CHANGE)
def plan_run() -> ResponseReturnValue:
    try:
        given = load_form(RunConditionsSchema)
        with unit() as uow:
            id = runs.plan_run(uow, **given).id
    except TsudoiError as error:
        with reading() as uow:
            return form_again("billing/run_form.html", error, **_choices(uow))
    return _to(id)


@runs_pages.get("/<uuid:id>/edit")
@allow(*BILLING_CHANGE)
def edit_run(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        run = uow.get(RunRow, str(id))
        if run.state != RunState.PLANNED:
            return _to(run.id)
        values = {
            "name": run.name,
            "name_en": run.name_en,
            "fiscal_year": run.fiscal_year,
            "charge_start": f"{run.charge_start:%Y-%m}",
            "due_on": run.due_on.isoformat(),
            "excluded_categories": run.excluded,
            "include_on_leave": run.include_on_leave,
        }
        return render_template("billing/run_form.html", run=run, values=values, **_choices(uow))


@runs_pages.post("/<uuid:id>/edit")
@allow(*BILLING_CHANGE)
def change_run(id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(RunConditionsSchema)
        with unit() as uow:
            runs.change_plan(uow, str(id), **given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("billing/run_form.html", error, run=uow.get(RunRow, str(id)), **_choices(uow))
    return _to(str(id))


@runs_pages.get("/<uuid:id>")
@allow(*BILLING_SEE)
def show_run(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        return _page(uow, str(id))


@runs_pages.post("/<uuid:id>/create")
@allow(*BILLING_CHANGE)
def start_run(id: UUID) -> ResponseReturnValue:
    return _do(runs.start_run, str(id), None)


@runs_pages.post("/<uuid:id>/confirm")
@allow(*BILLING_CHANGE)
def confirm_run(id: UUID) -> ResponseReturnValue:
    return _do(runs.confirm_run, str(id), None)


@runs_pages.post("/<uuid:id>/cancel")
@allow(*BILLING_CHANGE)
def cancel_run(id: UUID) -> ResponseReturnValue:
    return _do(runs.cancel_run, str(id), _("The run is being cancelled."))


@runs_pages.post("/<uuid:id>/go-on")
@allow(*BILLING_CHANGE)
def go_on(id: UUID) -> ResponseReturnValue:
    return _do(runs.go_on, str(id), None)


def _do(use_case: Any, id: str, said: str | None) -> ResponseReturnValue:
    try:
        with unit() as uow:
            use_case(uow, id)
    except TsudoiError as error:
        with reading() as uow:
            return _page(uow, id, error), error.kind.status
    if said:
        flash(said)
    return _to(id)


def _page(uow: UnitOfWork, id: str, error: TsudoiError | None = None) -> str:
    run = uow.get(RunRow, id)
    shown: dict[str, Any] = {
        "run": run,
        "states": labels.RUNS,
        "reasons": labels.REASONS,
        "names": {category.code: category.name_in(language()) for category in fees.categories(uow)},
        "job": jobs.look(uow, run.job_id) if run.job_id else None,
        "may_bill": _may_bill(),
        "faults": Faults(error),
    }
    if run.state == RunState.PLANNED:
        return render_template("billing/run_preview.html", preview=selection.preview(uow, run), **shown)
    wanted = {name: request.args.get(name, "") for name in ("q", "outcome", "reason")}
    sortable = {"number": PersonRow.number, "name": PersonRow.kana, "amount": RunResultRow.amount}
    statement = search.find_results(run.id, **wanted)
    listed = list_rows(uow.session, statement, sortable, sort="number", unique=RunResultRow.person_id)
    left_out = search.reasons_of(uow, run.id)
    return render_template(
        "billing/run.html",
        listed=listed,
        left_out=left_out,
        outcomes=labels.OUTCOMES,
        invoice_states=labels.INVOICES,
        **shown,
    )


def _choices(uow: UnitOfWork) -> dict[str, Any]:
    years = fees.fiscal_years(uow)
    categories = {category.code: category.name_in(language()) for category in fees.categories(uow)}
    for year in years:
        for fee in fees.fees_of(uow, year):
            categories.setdefault(fee.category, fee.category)
    return {"years": years, "categories": list(categories.items())}


def _suggestion(uow: UnitOfWork) -> dict[str, Any]:
    """This fiscal year, charged from its first month, due at the end of the month after next."""
    starts = uow.society.fiscal_year_starts
    wanted = request.args.get("year", type=int)
    year = wanted or fiscal_year_of(uow.today, starts)
    month = uow.today.year * 12 + uow.today.month - 1 + 3
    due = date.fromordinal(date(month // 12, month % 12 + 1, 1).toordinal() - 1)
    return {
        "name": f"{year}年度年会費",
        "name_en": f"Annual dues for fiscal year {year}",
        "fiscal_year": year,
        "charge_start": f"{fiscal_year_span(year, starts)[0]:%Y-%m}",
        "due_on": due.isoformat(),
    }


def _may_bill() -> bool:
    return principal().may(*BILLING_CHANGE)


def _to(id: str) -> ResponseReturnValue:
    return redirect(url_for("runs.show_run", id=id), 303)
