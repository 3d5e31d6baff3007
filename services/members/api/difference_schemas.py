"""What a roster is for, and what it would change, as the API and the forms speak of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import Schema, fields, validate

from services.members.rosters.differences import ACTIONS


class RosterModeSchema(Schema):
    mode = fields.String(
        load_default="both",
        validate=validate.OneOf(["add", "change", "both"]),
        metadata={"description": "Rows that do not fit are faults: `add` only new members, `change` only known ones"},
    )


_TEXT_OR_NOTHING = {"type": ["string", "null"], "description": "As the API of members has it"}


class DifferencesQuerySchema(Schema):
    action = fields.String(load_default="", validate=validate.OneOf(["", *ACTIONS]))
    field = fields.String(
        load_default="",
        validate=validate.Length(max=300),
        metadata={"description": "Only rows that change it; `custom.` and its header for a custom field"},
    )
    q = fields.String(
        load_default="", validate=validate.Length(max=200), metadata={"description": "Words of name or number"}
    )
    after = fields.Integer(load_default=0, metadata={"description": "The last row of the page before"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


class DifferenceSchema(Schema):
    field = fields.String()
    before = fields.Function(lambda each: _plain(each.before), metadata=_TEXT_OR_NOTHING)
    after = fields.Function(lambda each: _plain(each.after), metadata=_TEXT_OR_NOTHING)


class ComparedSchema(Schema):
    row = fields.Integer()
    action = fields.String(validate=validate.OneOf(ACTIONS))
    member_id = fields.UUID(allow_none=True, metadata={"description": "null: not there yet"})
    number = fields.String(allow_none=True)
    name = fields.String()
    differences = fields.List(fields.Nested(DifferenceSchema))
    outdated = fields.Boolean(metadata={"description": "The member was changed since the check: check the file again"})


class DifferencesPageSchema(Schema):
    rows = fields.List(fields.Nested(ComparedSchema))
    next = fields.Integer(
        allow_none=True, metadata={"description": "`after` of the next page; null: this was the last"}
    )
