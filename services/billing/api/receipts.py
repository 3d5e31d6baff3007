"""`/billing/api/receipts`: receipts that were issued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from services.billing import receipts
from services.billing.models import ReceiptRow
from services.billing.roles import BILLING_SEE
from shared.web.access import allow, reading

receipts_api = Blueprint("api_receipts", __name__, url_prefix="/billing/api/receipts", description="Receipts 領収書")


class ReceiptSchema(Schema):
    id = fields.UUID()
    number = fields.String()
    invoice_id = fields.UUID()
    payment_id = fields.UUID(allow_none=True)
    payer_id = fields.UUID()
    amount = fields.Integer()
    issued_on = fields.Date()
    downloads = fields.Integer()
    is_void = fields.Boolean()


class ReceiptQuerySchema(Schema):
    invoice_id = fields.UUID(load_default=None)
    payer_id = fields.UUID(load_default=None)


@receipts_api.get("")
@allow(*BILLING_SEE)
@receipts_api.arguments(ReceiptQuerySchema, location="query")
@receipts_api.response(200, ReceiptSchema(many=True))
def list_receipts(query: dict[str, Any]) -> Sequence[ReceiptRow]:
    """Receipts of an invoice or of a payer, newest first."""
    with reading() as uow:
        return receipts.receipts_of(uow, **{name: str(id) for name, id in query.items() if id})
