"""History records 履歴情報 as the API and the forms speak of them."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from services.members.api.schemas import possible_day
from services.members.records.keeping import MOST_YEARS
from services.members.records.reading import LONGEST_TITLE
from services.members.values import LONGEST_NOTE

ONE_LINE = r"\S[^\r\n]*$"


class RecordSchema(Schema):
    """`ends_on` may be missing: a single day. The note is for the office and never shown to the member."""

    id = fields.UUID(dump_only=True)
    member_id = fields.UUID(dump_only=True)
    kind_id = fields.UUID(required=True)
    title = fields.String(required=True, validate=[validate.Length(max=LONGEST_TITLE), validate.Regexp(ONE_LINE)])
    title_en = fields.String(
        load_default="", validate=[validate.Length(max=LONGEST_TITLE), validate.Regexp(f"({ONE_LINE})?$")]
    )
    starts_on = fields.Date(required=True, validate=possible_day)
    ends_on = fields.Date(load_default=None, allow_none=True, validate=possible_day)
    public = fields.Boolean(load_default=False, metadata={"description": "Shown on the member's My Page"})
    note = fields.String(load_default="", validate=validate.Length(max=LONGEST_NOTE))
    source = fields.String(dump_only=True, validate=validate.OneOf(["hand", "import"]))
    registered_on = fields.Date(dump_only=True)
    registered_by = fields.String(dump_only=True)
    revision = fields.Integer(dump_only=True)


class NewRecordSchema(RecordSchema):
    member_id = fields.UUID(required=True)


class RecordChangeSchema(RecordSchema):
    revision = fields.Integer(
        strict=True, metadata={"description": "Refused with 409 if the record has another by now"}
    )


class RecordQuerySchema(Schema):
    q = fields.String(load_default="", validate=validate.Length(max=200))
    kind = fields.UUID()
    member = fields.String(load_default="", validate=validate.Length(max=200))
    since = fields.Date(validate=possible_day)
    until = fields.Date(validate=possible_day)
    goes_by = fields.Date(validate=possible_day, metadata={"description": "Deleted by itself until this day"})
    after = fields.UUID(metadata={"description": "The id of the last record of the page before"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))


class RecordPageSchema(Schema):
    records = fields.List(fields.Nested(RecordSchema))
    next = fields.UUID(allow_none=True, metadata={"description": "`after` of the next page; null: this was the last"})


class RecordKindSchema(Schema):
    id = fields.UUID(dump_only=True)
    name = fields.String(required=True, validate=[validate.Length(max=100), validate.Regexp(ONE_LINE)])
    name_en = fields.String(required=True, validate=[validate.Length(max=100), validate.Regexp(ONE_LINE)])


class OwnRecordSchema(Schema):
    """What the member sees of it."""

    id = fields.UUID()
    kind = fields.String()
    kind_en = fields.String()
    title = fields.String()
    title_en = fields.String()
    starts_on = fields.Date()
    ends_on = fields.Date()


class GoingSchema(Schema):
    count = fields.Integer()
    first = fields.Date()
    last = fields.Date()


class KeepingSchema(Schema):
    years = fields.Integer(required=True, validate=validate.Range(min=1, max=MOST_YEARS))


class KeptSchema(KeepingSchema):
    """`counts_from`: where a shorter time is to come, the day from which it counts; until then `years_before` do."""

    years_before = fields.Integer()
    counts_from = fields.Date(allow_none=True)
    going = fields.List(fields.Nested(GoingSchema), metadata={"description": "What is deleted within a year, by month"})


class ModeSchema(Schema):
    mode = fields.String(load_default="add", validate=validate.OneOf(["add", "change", "remove"]))
