"""Events and registrations as the API and the forms speak of them. Amounts are yen including tax."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from shared.money import TaxClass

METHODS = ("card", "konbini", "bank_transfer")
STATES = ("placed", "confirmed", "cancelled")


class WholeNumber(fields.Integer):
    """An integer, also as the digits that a form sends; never a fraction or a truth value cut down to one."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, (float, bool)):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class EventSchema(Schema):
    """What can be said of an event. A capacity of null means that there is no limit."""

    title = fields.String(required=True, validate=validate.Length(min=1, max=200))
    title_en = fields.String(load_default="", validate=validate.Length(max=200))
    venue = fields.String(load_default="", validate=validate.Length(max=300))
    venue_en = fields.String(load_default="", validate=validate.Length(max=300))
    description = fields.String(load_default="", validate=validate.Length(max=10_000))
    description_en = fields.String(load_default="", validate=validate.Length(max=10_000))
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    capacity = WholeNumber(load_default=None, allow_none=True, validate=validate.Range(min=1, max=1_000_000))
    fee = WholeNumber(load_default=0, validate=validate.Range(min=0, max=10_000_000))
    tax_class = fields.String(
        load_default=TaxClass.STANDARD.value, validate=validate.OneOf([each.value for each in TaxClass])
    )
    registration_until = fields.Date(required=True, metadata={"description": "Inclusive, up to 24:00"})
    methods = fields.List(
        fields.String(validate=validate.OneOf(METHODS)),
        load_default=list,
        metadata={"description": "Allowed methods of payment; empty: all that the society offers"},
    )


class SwitchesSchema(Schema):
    """The three switches: nothing can be open or listed that is not published."""

    published = fields.Boolean(load_default=False)
    registration_open = fields.Boolean(load_default=False)
    on_my_page = fields.Boolean(load_default=False)


class EventShownSchema(EventSchema):
    id = fields.UUID(dump_only=True)
    revision = fields.Integer(dump_only=True)
    taken = fields.Integer(dump_only=True, metadata={"description": "Seats that are held or confirmed"})
    published = fields.Boolean(dump_only=True)
    registration_open = fields.Boolean(dump_only=True)
    on_my_page = fields.Boolean(dump_only=True)


class EventForMembersSchema(EventSchema):
    """Without what only the office needs to know."""

    class Meta:
        exclude = ("methods", "tax_class")

    id = fields.UUID(dump_only=True)
    is_full = fields.Boolean(dump_only=True)
    registration_open = fields.Boolean(dump_only=True)


class RegistrationSchema(Schema):
    id = fields.UUID()
    revision = fields.Integer()
    event_id = fields.UUID()
    person_id = fields.UUID()
    state = fields.String(validate=validate.OneOf(STATES))
    fee = fields.Integer()
    pay_until = fields.Date(allow_none=True)
    invoice_id = fields.UUID(allow_none=True)
    invoice_state = fields.String(metadata={"description": "As billing says; empty: no invoice yet, or none needed"})
    paid = fields.Integer()
    placed_at = fields.AwareDateTime()
    confirmed_at = fields.AwareDateTime(allow_none=True)
    cancelled_at = fields.AwareDateTime(allow_none=True)
