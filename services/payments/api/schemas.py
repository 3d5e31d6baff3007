"""What goes in and out of the API. Unknown fields are refused."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.payments.attempts import CHAINS, METHODS
from services.payments.offline import OFFLINE_METHODS


class PaymentSchema(Schema):
    id = fields.UUID()
    amount = fields.Integer(metadata={"description": "yen"})
    method = fields.String()
    received_on = fields.Date(metadata={"description": "value date"})
    received_at = fields.DateTime()
    invoice_id = fields.UUID(allow_none=True)
    payer_id = fields.UUID(allow_none=True)
    provider = fields.String(allow_none=True)
    provider_number = fields.String(allow_none=True)
    memo = fields.String()
    late = fields.Boolean()
    is_reversed = fields.Boolean()


class PaymentQuery(Schema):
    text = fields.String(load_default="")
    method = fields.String(load_default="")
    state = fields.String(load_default="", validate=validate.OneOf(["", "received", "reversed", "late"]))
    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)
    invoice_id = fields.UUID(load_default=None)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    offset = fields.Integer(load_default=0, validate=validate.Range(0, 10_000_000))


class PartSchema(Schema):
    amount = fields.Integer(required=True, strict=True, validate=validate.Range(1, 999_999_999_999))
    invoice_id = fields.UUID(load_default=None, allow_none=True)
    payer_id = fields.UUID(load_default=None, allow_none=True)


class OfflinePaymentSchema(Schema):
    method = fields.String(required=True, validate=validate.OneOf(list(OFFLINE_METHODS)))
    received_on = fields.Date(required=True)
    parts = fields.List(fields.Nested(PartSchema), required=True, validate=validate.Length(1, 100))
    memo = fields.String(load_default="", validate=validate.Length(max=1000))
    number = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=100))
    entry_key = fields.UUID(required=True, metadata={"description": "Made by you: sent twice it counts once"})


class ReversalSchema(Schema):
    memo = fields.String(required=True, validate=validate.Length(1, 1000))


class DepositSchema(Schema):
    id = fields.UUID()
    state = fields.String()
    amount = fields.Integer()
    reversal = fields.Boolean()
    booked_on = fields.Date()
    value_on = fields.Date()
    payer_name = fields.String()
    payer_code = fields.String()
    account = fields.String()
    bank_file_id = fields.UUID()


class DepositQuery(Schema):
    state = fields.String(
        load_default="unidentified", validate=validate.OneOf(["unidentified", "matched", "assigned", "reversed"])
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    offset = fields.Integer(load_default=0, validate=validate.Range(0, 10_000_000))


class AssignmentSchema(Schema):
    invoice_id = fields.UUID(load_default=None, allow_none=True)
    payer_id = fields.UUID(load_default=None, allow_none=True)


class BankFileSchema(Schema):
    id = fields.UUID()
    name = fields.String()
    state = fields.String()
    summary = fields.Dict()
    uploaded_at = fields.DateTime()
    imported_at = fields.DateTime(allow_none=True)


class BankFileQuery(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 200))


class BalanceSchema(Schema):
    account = fields.String()
    debit = fields.Integer()
    credit = fields.Integer()
    balance = fields.Integer()


class TrialBalanceSchema(Schema):
    balances = fields.List(fields.Nested(BalanceSchema))
    total = fields.Integer(metadata={"description": "always zero"})


class PostingSchema(Schema):
    debit = fields.String()
    credit = fields.String()
    amount = fields.Integer()


class EntrySchema(Schema):
    id = fields.UUID()
    booked_on = fields.Date()
    value_on = fields.Date()
    kind = fields.String()
    subject = fields.String()
    memo = fields.String()
    postings = fields.List(fields.Nested(PostingSchema))


class JournalQuery(Schema):
    since = fields.Date(required=True)
    until = fields.Date(required=True)
    limit = fields.Integer(load_default=1000, validate=validate.Range(1, 1000))
    offset = fields.Integer(load_default=0, validate=validate.Range(0, 10_000_000))


class AttemptSchema(Schema):
    id = fields.UUID()
    method = fields.String()
    chain = fields.String(allow_none=True)
    amount = fields.Integer()
    state = fields.String()
    failure = fields.String(allow_none=True)
    provisional = fields.Boolean()
    pay_until = fields.DateTime()
    redirect_url = fields.String(allow_none=True)
    instructions = fields.Dict()


class StartSchema(Schema):
    method = fields.String(required=True, validate=validate.OneOf(list(METHODS)))
    chain = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(list(CHAINS)))


class RequestSchema(Schema):
    invoice_id = fields.UUID()
    invoice_number = fields.String()
    title = fields.String()
    title_en = fields.String()
    due = fields.Integer()
    due_on = fields.Date(allow_none=True)
    state = fields.String()
    attempts = fields.List(fields.Nested(AttemptSchema))
