"""`/billing/api/runs`: plan, preview, create, confirm, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.billing import runs, selection
from services.billing.api.fees import YEARS
from services.billing.models import RunRow
from services.billing.roles import BILLING_CHANGE, BILLING_SEE
from shared import jobs
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, unit
from shared.web.work import WorkSchema

runs_api = Blueprint("api_runs", __name__, url_prefix="/billing/api/runs", description="Billing runs 請求作成")


class RunConditionsSchema(Schema):
    """What a run is to do."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    name_en = fields.String(load_default="", validate=validate.Length(max=200))
    fiscal_year = fields.Integer(required=True, validate=YEARS)
    charge_start = fields.Date(
        required=True, format="%Y-%m", metadata={"description": "Month 請求引当開始月: 2026-04", "format": "year-month"}
    )
    due_on = fields.Date(required=True)
    excluded_categories = fields.List(fields.String(), load_default=list)
    include_on_leave = fields.Boolean(load_default=False)


class RunSchema(RunConditionsSchema):
    id = fields.UUID()
    state = fields.String()
    excluded_categories = fields.List(fields.String(), attribute="excluded")
    invoiced = fields.Integer()
    nothing_due = fields.Integer()
    left_out = fields.Integer()
    total = fields.Integer()
    issued_on = fields.Date(allow_none=True)
    created_at = fields.AwareDateTime()
    job_id = fields.UUID(allow_none=True)


class RunStatusSchema(RunSchema):
    work = fields.Nested(WorkSchema, allow_none=True)


class CategoryCountSchema(Schema):
    category = fields.String()
    name = fields.String()
    fee = fields.Integer()
    members = fields.Integer()
    total = fields.Integer()


class PreviewSchema(Schema):
    """What a run would do now."""

    people = fields.Integer()
    invoices = fields.Integer()
    total = fields.Integer()
    asked = fields.List(fields.Nested(CategoryCountSchema))
    left_out = fields.Dict(keys=fields.String(), values=fields.Integer())


@runs_api.get("")
@allow(*BILLING_SEE)
@runs_api.response(200, RunSchema(many=True))
def list_runs() -> Sequence[RunRow]:
    """All runs, newest first."""
    with reading() as uow:
        return uow.session.scalars(sa.select(RunRow).order_by(RunRow.id.desc())).all()


@runs_api.post("")
@allow(*BILLING_CHANGE)
@runs_api.arguments(RunConditionsSchema)
@runs_api.response(201, RunSchema)
def plan_run(given: dict[str, Any]) -> RunRow:
    """Note the conditions of a run; nothing is made yet."""
    with unit() as uow:
        return runs.plan_run(uow, **given)


@runs_api.get("/<uuid:id>")
@allow(*BILLING_SEE)
@runs_api.response(200, RunStatusSchema)
def show_run(id: UUID) -> dict[str, Any]:
    """The state of a run, with the progress of the work on it."""
    with reading() as uow:
        return _with_work(uow, uow.get(RunRow, str(id)))


@runs_api.get("/<uuid:id>/preview")
@allow(*BILLING_SEE)
@runs_api.response(200, PreviewSchema)
def preview_run(id: UUID) -> selection.Preview:
    """Counts and sums by category, and how many are left out and why, as of now."""
    with reading() as uow:
        return selection.preview(uow, uow.get(RunRow, str(id)))


@runs_api.post("/<uuid:id>/create")
@allow(*BILLING_CHANGE)
@runs_api.response(202, RunStatusSchema)
@runs_api.alt_response(409, description="It was started already")
def create_run(id: UUID) -> dict[str, Any]:
    """Begin to create the drafts."""
    with unit() as uow:
        return _with_work(uow, runs.start_run(uow, str(id)))


@runs_api.post("/<uuid:id>/confirm")
@allow(*BILLING_CHANGE)
@runs_api.response(202, RunStatusSchema)
@runs_api.alt_response(409, description="It is not complete, or confirmed already")
def confirm_run(id: UUID) -> dict[str, Any]:
    """Make the drafts payable 請求内容確定."""
    with unit() as uow:
        return _with_work(uow, runs.confirm_run(uow, str(id)))


@runs_api.post("/<uuid:id>/cancel")
@allow(*BILLING_CHANGE)
@runs_api.response(202, RunStatusSchema)
@runs_api.alt_response(409, description="It has payments")
def cancel_run(id: UUID) -> dict[str, Any]:
    """Cancel the run and its invoices 請求取消."""
    with unit() as uow:
        return _with_work(uow, runs.cancel_run(uow, str(id)))


def _with_work(uow: UnitOfWork, run: RunRow) -> dict[str, Any]:
    uow.session.flush()
    names = [name for name in RunSchema().fields if name != "excluded_categories"]
    work = jobs.look(uow, run.job_id) if run.job_id else None
    return {**{name: getattr(run, name) for name in names}, "excluded": run.excluded, "work": work}
