"""Custom fields 独自項目 as the API and the forms speak of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from services.members.api.record_schemas import ONE_LINE
from services.members.custom_fields.types import FOR_MEMBER, KEY, MOST_CHOICES, TYPES
from services.members.rosters.columns import HEADERS
from shared.errors import N_
from shared.tables.columns import fold_header

_NAME: tuple[Callable[[Any], Any], ...] = (validate.Length(max=100), validate.Regexp(ONE_LINE))
_HINT = validate.Length(max=500)


def not_a_column(text: str) -> None:
    """Files know fields by their names: none may be that of a column that everybody has."""
    if fold_header(text) in HEADERS:
        raise ValidationError(N_("A roster has a column of this name already."))


class FieldChoiceSchema(Schema):
    """Without a code: a new choice."""

    code = fields.String(load_default="", validate=validate.Regexp(r"([a-z0-9][a-z0-9_-]{0,39})?$"))
    label = fields.String(required=True, validate=[*_NAME])
    label_en = fields.String(required=True, validate=[*_NAME])


class DefinitionSchema(Schema):
    """What may be changed. `least` and `most`: of a number or a date; of a text `most` is how many characters."""

    type = fields.String(required=True, validate=validate.OneOf(list(TYPES)))
    label = fields.String(required=True, validate=[*_NAME, not_a_column])
    label_en = fields.String(required=True, validate=[*_NAME, not_a_column])
    hint = fields.String(load_default="", validate=_HINT)
    hint_en = fields.String(load_default="", validate=_HINT)
    choices = fields.List(
        fields.Nested(FieldChoiceSchema), load_default=list, validate=validate.Length(max=MOST_CHOICES)
    )
    least = fields.String(load_default="", validate=validate.Length(max=30))
    most = fields.String(load_default="", validate=validate.Length(max=30))
    required = fields.Boolean(
        load_default=False, metadata={"description": "Applicants and members may not leave it open; the office may"}
    )
    in_application = fields.Boolean(load_default=False)
    for_member = fields.String(load_default="hidden", validate=validate.OneOf(list(FOR_MEMBER)))


class NewFieldSchema(DefinitionSchema):
    key = fields.String(
        required=True,
        validate=[validate.Regexp(KEY + "$"), not_a_column],
        metadata={"description": "Never changes. A short word, or the header of values that rosters brought before"},
    )

    @pre_load
    def _trim(self, given: Any, **_: Any) -> Any:
        key = given.get("key") if isinstance(given, dict) else None
        return {**given, "key": key.strip()} if isinstance(key, str) else given


class FieldChangeSchema(DefinitionSchema):
    revision = fields.Integer(strict=True, metadata={"description": "Refused with 409 if the field has another by now"})


class CustomFieldSchema(NewFieldSchema):
    id = fields.UUID()
    revision = fields.Integer()
    retired_at = fields.AwareDateTime(allow_none=True)


class RemovalSchema(Schema):
    values = fields.Integer(
        load_default=0, metadata={"description": "How many members have a value: they go with the field"}
    )
