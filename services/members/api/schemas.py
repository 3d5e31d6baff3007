"""Members as the API and the forms speak of them."""

from __future__ import annotations

from datetime import date

from marshmallow import Schema, ValidationError, fields, validate

from services.members.standings.words import STANDINGS
from services.members.values import FIRST_DAY, LAST_DAY


def possible_day(value: date) -> None:
    """A day that people mean; the day after it exists, too."""
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValidationError(f"Must be greater than or equal to {FIRST_DAY} and less than or equal to {LAST_DAY}.")


class PersonSchema(Schema):
    """What can be said of a member. Dates are ISO dates; custom fields are texts by their header."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    kana = fields.String(validate=validate.Length(max=200))
    roman = fields.String(validate=validate.Length(max=200))
    email = fields.String(allow_none=True, validate=validate.Length(max=320))
    language = fields.String(validate=validate.OneOf(["ja", "en"]))
    number = fields.String(allow_none=True, validate=validate.Length(max=30))
    standing = fields.String(validate=validate.OneOf(list(STANDINGS)))
    category = fields.String(allow_none=True, validate=validate.Length(max=100))
    joined_on = fields.Date(allow_none=True, validate=possible_day)
    leaves_on = fields.Date(allow_none=True, validate=possible_day)
    affiliation = fields.String(validate=validate.Length(max=500))
    postcode = fields.String(validate=validate.Length(max=20))
    address = fields.String(validate=validate.Length(max=500))
    phone = fields.String(validate=validate.Length(max=40))
    note = fields.String(validate=validate.Length(max=5000))
    custom = fields.Dict(
        keys=fields.String(validate=validate.Length(max=200)), values=fields.String(validate=validate.Length(max=1000))
    )


class ChangeSchema(PersonSchema):
    """The standing, and with it the day of leaving, changes by way of its history: see `standings`."""

    class Meta:
        exclude = ("standing", "leaves_on")

    revision = fields.Integer(
        strict=True, metadata={"description": "Refused with 409 if the member has another by now"}
    )


class MemberSchema(PersonSchema):
    id = fields.UUID(dump_only=True)
    revision = fields.Integer(dump_only=True)
    kind = fields.String(dump_only=True)
    changed_at = fields.AwareDateTime(dump_only=True)


class SearchSchema(Schema):
    q = fields.String(load_default="", validate=validate.Length(max=200))
    category = fields.String(load_default="")
    standing = fields.String(load_default="", validate=validate.OneOf(["", *STANDINGS]))
    on = fields.Date(
        validate=possible_day,
        metadata={"description": "The day on which they had that standing; today where it is missing"},
    )


class MemberQuerySchema(SearchSchema):
    after = fields.UUID(metadata={"description": "The id of the last member of the page before"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))


class MemberPageSchema(Schema):
    members = fields.List(fields.Nested(MemberSchema))
    next = fields.UUID(allow_none=True, metadata={"description": "`after` of the next page; null: this was the last"})


class RosterSchema(Schema):
    id = fields.UUID()
    holds = fields.String(validate=validate.OneOf(["members", "records"]))
    mode = fields.String(metadata={"description": "Of records: add, change or remove"})
    state = fields.String(validate=validate.OneOf(["checking", "checked", "importing", "imported", "discarded"]))
    file_name = fields.String()
    size = fields.Integer()
    rows = fields.Integer()
    new = fields.Integer()
    changed = fields.Integer()
    removed = fields.Integer()
    same = fields.Integer()
    faults = fields.Integer()
    can_be_imported = fields.Boolean()
    custom = fields.List(fields.String())
    uploaded_at = fields.AwareDateTime()
    imported_at = fields.AwareDateTime(allow_none=True)


class RosterFaultSchema(Schema):
    row = fields.Integer()
    column = fields.String()
    detail = fields.String()


class UploadSchema(Schema):
    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class MeSchema(Schema):
    account_id = fields.UUID()
    person_id = fields.UUID(allow_none=True)
    society_id = fields.UUID()
    name = fields.String()
    language = fields.String()
    roles = fields.List(fields.String())
