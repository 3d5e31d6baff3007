"""`/billing/api/invoices`: looking invoices up, cancelling them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.billing import invoices, search
from services.billing.api.fees import YEARS
from services.billing.models import InvoiceKind, InvoiceRow, InvoiceState
from services.billing.roles import BILLING_CHANGE, BILLING_SEE, OWN_INVOICES
from shared.web.access import allow, principal, reading, unit

invoices_api = Blueprint("api_invoices", __name__, url_prefix="/billing/api/invoices", description="Invoices 請求")


class LineSchema(Schema):
    title = fields.String()
    title_en = fields.String()
    amount = fields.Integer()
    tax_class = fields.String()
    fiscal_year = fields.Integer()


class InvoiceSchema(Schema):
    id = fields.UUID()
    revision = fields.Integer()
    number = fields.String(allow_none=True, metadata={"description": "None while it is a draft"})
    kind = fields.String()
    state = fields.String()
    payer_id = fields.UUID()
    title = fields.String()
    title_en = fields.String()
    fiscal_year = fields.Integer()
    total = fields.Integer()
    paid = fields.Integer()
    due = fields.Integer()
    issued_on = fields.Date(allow_none=True)
    due_on = fields.Date(allow_none=True)
    run_id = fields.UUID(allow_none=True)
    registration_id = fields.UUID(allow_none=True)
    lines = fields.List(fields.Nested(LineSchema))


class InvoiceQuerySchema(Schema):
    q = fields.String(load_default="")
    state = fields.String(load_default="", validate=validate.OneOf(["", "open", *InvoiceState]))
    kind = fields.String(load_default="", validate=validate.OneOf(["", *InvoiceKind]))
    fiscal_year = fields.Integer(load_default=None, validate=YEARS)
    run_id = fields.UUID(load_default=None)
    after = fields.UUID(load_default=None, metadata={"description": "id of the last one of the page before"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))


@invoices_api.get("")
@allow(*BILLING_SEE)
@invoices_api.arguments(InvoiceQuerySchema, location="query")
@invoices_api.response(200, InvoiceSchema(many=True))
def list_invoices(query: dict[str, Any]) -> Sequence[InvoiceRow]:
    """Invoices by id, a page at a time."""
    after, limit = query.pop("after"), query.pop("limit")
    query["run_id"] = str(query["run_id"]) if query["run_id"] else None
    statement = search.find_invoices(**query).order_by(InvoiceRow.id).limit(limit)
    with reading() as uow:
        found = uow.session.execute(statement.where(InvoiceRow.id > str(after)) if after else statement)
        return [invoice for invoice, _payer in found]


@invoices_api.get("/mine")
@allow(*OWN_INVOICES)
@invoices_api.response(200, InvoiceSchema(many=True))
def my_invoices() -> Sequence[InvoiceRow]:
    """The invoices of who is asking; no drafts."""
    with reading() as uow:
        return search.invoices_of(uow, principal().person_id or "")


@invoices_api.get("/<uuid:id>")
@allow(*BILLING_SEE, *OWN_INVOICES)
@invoices_api.response(200, InvoiceSchema)
def show_invoice(id: UUID) -> InvoiceRow:
    """One invoice; a payer's own only."""
    who = principal()
    with reading() as uow:
        return uow.get(InvoiceRow, str(id)) if who.is_staff else search.own_invoice(uow, who.person_id, str(id))


@invoices_api.post("/<uuid:id>/cancel")
@allow(*BILLING_CHANGE)
@invoices_api.response(200, InvoiceSchema)
@invoices_api.alt_response(409, description="It has payments")
def cancel_invoice(id: UUID) -> InvoiceRow:
    """Cancel an invoice that has no payment 請求取消."""
    with unit() as uow:
        uow.get(InvoiceRow, str(id))
        return invoices.cancel_invoices(uow, [str(id)])[0]
