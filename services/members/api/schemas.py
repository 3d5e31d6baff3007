"""Members as the API and the forms speak of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from services.members.search_conditions import EMAIL, KINDS, LOGIN, MemberSearch
from services.members.standings.words import STANDINGS
from services.members.values import FIRST_DAY, LAST_DAY, LONGEST_NUMBER
from shared.errors import N_


def possible_day(value: date) -> None:
    """A day that people mean; the day after it exists, too."""
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValidationError(f"Must be greater than or equal to {FIRST_DAY} and less than or equal to {LAST_DAY}.")


class PersonSchema(Schema):
    """What can be said of a member. Dates are ISO dates. Custom fields by their key, as `custom-fields` tells them:
    texts, codes of choices, lists of codes, `yes` and `no`; null empties one, and what is not said stays."""

    kind = fields.String(validate=validate.OneOf(list(KINDS)))
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
    custom = fields.Dict(keys=fields.String(validate=validate.Length(max=200)), values=fields.Raw(allow_none=True))


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


class OneOrMore(fields.List[str]):
    """A list; one value may stand by itself. A blank one is not said."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any) -> Any:
        given = [value] if isinstance(value, str) else value
        said = [each for each in given if each != ""] if isinstance(given, list) else given
        return super()._deserialize(said, attr, data, **more)


def _choice(*codes: str) -> fields.String:
    return fields.String(validate=validate.OneOf(["", *codes]))


class HalfWidth(fields.String):
    """In half width, as numbers are stored."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        return unicodedata.normalize("NFKC", super()._deserialize(value, attr, data, **more))


def _number() -> fields.String:
    return HalfWidth(validate=validate.Length(max=LONGEST_NUMBER))


class SearchSchema(Schema):
    """The conditions of a `MemberSearch`, which is given as `search`; all of them hold together."""

    q = fields.String(
        validate=validate.Length(max=200),
        metadata={"description": "Words, each in name, reading, roman name, number, e-mail or affiliation"},
    )
    kind = _choice(*KINDS)
    category = OneOrMore(fields.String(validate=validate.Length(max=100)), metadata={"description": "One of these"})
    standing = OneOrMore(
        fields.String(validate=validate.OneOf(list(STANDINGS))), metadata={"description": "One of these"}
    )
    on = fields.Date(
        validate=possible_day,
        metadata={"description": "The day on which they had that standing; today where it is missing"},
    )
    number_from, number_to = _number(), _number()
    joined_from, joined_to = fields.Date(validate=possible_day), fields.Date(validate=possible_day)
    leaves_from, leaves_to = fields.Date(validate=possible_day), fields.Date(validate=possible_day)
    language = _choice("ja", "en")
    email = _choice(*EMAIL)
    login = _choice(*LOGIN)
    postcode = fields.String(validate=validate.Length(max=20), metadata={"description": "Its beginning"})
    address = fields.String(validate=validate.Length(max=200), metadata={"description": "A part of it"})
    custom = OneOrMore(
        fields.String(validate=validate.Length(max=300)),
        metadata={"description": "Custom fields: key:choice, key~part of a text, key>=date, key<=date"},
    )

    @validates_schema
    def _fit_together(self, given: dict[str, Any], **_: Any) -> None:
        if given.get("on") and not given.get("standing"):
            raise ValidationError(N_("Please choose the standing that they had on this day."), "on")
        for name in ("joined", "leaves"):
            first, last = given.get(f"{name}_from"), given.get(f"{name}_to")
            if first and last and last < first:
                raise ValidationError(N_("The last day is before the first."), f"{name}_to")

    @post_load
    def _gather(self, given: dict[str, Any], **_: Any) -> dict[str, Any]:
        names = [name for name in MemberSearch.__struct_fields__ if name in given]
        said = {name: given.pop(name) for name in names}
        for name in ("category", "standing", "custom"):
            said[name] = tuple(said.get(name, ()))
        return {**given, "search": MemberSearch(**said)}


class MemberQuerySchema(SearchSchema):
    after = fields.UUID(metadata={"description": "The id of the last member of the page before"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))


class MemberPageSchema(Schema):
    members = fields.List(fields.Nested(MemberSchema))
    next = fields.UUID(allow_none=True, metadata={"description": "`after` of the next page; null: this was the last"})


class RosterSchema(Schema):
    id = fields.UUID()
    holds = fields.String(validate=validate.OneOf(["members", "records"]))
    mode = fields.String(
        metadata={
            "description": "What the file is for. Of members: add, change or both; of records: add, change, remove"
        }
    )
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
    differing = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "How many known members the file changes, by field"},
    )
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
    person_id = fields.UUID(
        allow_none=True, metadata={"description": "For whom they are on My Page: of a contact, the corporate member"}
    )
    society_id = fields.UUID()
    name = fields.String()
    language = fields.String()
    roles = fields.List(fields.String())
