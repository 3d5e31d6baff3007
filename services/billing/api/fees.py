"""`/billing/api/fees`: the fee schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.billing import fees
from services.billing.models import FeeRow
from services.billing.roles import BILLING_CHANGE, BILLING_SEE
from shared.money import TaxClass
from shared.web.access import allow, reading, unit

fees_api = Blueprint("api_fees", __name__, url_prefix="/billing/api/fees", description="Fee schedule 会費設定")

YEARS = validate.Range(min=1950, max=2200)
AMOUNT = validate.Range(min=0, max=99_999_999)


class FeeValuesSchema(Schema):
    """What of a fee can be changed."""

    annual_fee = fields.Integer(required=True, strict=False, validate=AMOUNT, metadata={"description": "Yen incl. tax"})
    admission_fee = fields.Integer(load_default=0, validate=AMOUNT)
    tax_class = fields.String(
        load_default=TaxClass.OUT_OF_SCOPE.value, validate=validate.OneOf([each.value for each in TaxClass])
    )
    title = fields.String(required=True, validate=validate.Length(min=1, max=200))
    title_en = fields.String(load_default="", validate=validate.Length(max=200))


class FeeSchema(FeeValuesSchema):
    id = fields.UUID(dump_only=True)
    category = fields.String(required=True, validate=validate.Length(min=1, max=50))
    fiscal_year = fields.Integer(required=True, validate=YEARS)


class FeeQuerySchema(Schema):
    fiscal_year = fields.Integer(required=True, validate=YEARS)


@fees_api.get("")
@allow(*BILLING_SEE)
@fees_api.arguments(FeeQuerySchema, location="query")
@fees_api.response(200, FeeSchema(many=True))
def list_fees(query: dict[str, Any]) -> Sequence[FeeRow]:
    """The schedule of one fiscal year."""
    with reading() as uow:
        return fees.fees_of(uow, query["fiscal_year"])


@fees_api.post("")
@allow(*BILLING_CHANGE)
@fees_api.arguments(FeeSchema)
@fees_api.response(201, FeeSchema)
@fees_api.alt_response(409, description="That category has a fee for that year")
def add_fee(given: dict[str, Any]) -> FeeRow:
    """Add a fee."""
    with unit() as uow:
        return fees.set_fee(uow, **given)


@fees_api.put("/<uuid:id>")
@allow(*BILLING_CHANGE)
@fees_api.arguments(FeeValuesSchema)
@fees_api.response(200, FeeSchema)
def change_fee(given: dict[str, Any], id: UUID) -> FeeRow:
    """Change a fee; runs that were started keep theirs."""
    with unit() as uow:
        return fees.change_fee(uow, str(id), **given)


@fees_api.delete("/<uuid:id>")
@allow(*BILLING_CHANGE)
@fees_api.response(204)
def remove_fee(id: UUID) -> None:
    """Take a fee out of the schedule."""
    with unit() as uow:
        fees.remove_fee(uow, str(id))
