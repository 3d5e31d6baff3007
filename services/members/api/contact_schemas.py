"""Contacts 連絡者 of corporate members as the API and the forms speak of them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from services.members.api.schemas import possible_day
from services.members.corporations.contacts import DUTIES, OWN, PERSONAL, Contact
from services.members.standings.words import ENDED
from shared.web.i18n import LANGUAGES


class ContactSchema(Schema):
    """What can be said of a contact. `id` is that of the person."""

    id = fields.UUID(dump_only=True)
    corporation_id = fields.UUID(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    kana = fields.String(validate=validate.Length(max=200))
    roman = fields.String(validate=validate.Length(max=200))
    affiliation = fields.String(
        validate=validate.Length(max=500), metadata={"description": "Department and post 部署・役職"}
    )
    email = fields.String(allow_none=True, validate=validate.Length(max=320), metadata={"description": "The login id"})
    phone = fields.String(validate=validate.Length(max=40))
    language = fields.String(validate=validate.OneOf(list(LANGUAGES)))
    duty = fields.String(validate=validate.OneOf(list(DUTIES)))
    main = fields.Boolean(metadata={"description": "Gets the letters to the corporate member 主たる連絡者"})
    ends_on = fields.Date(
        dump_only=True, allow_none=True, metadata={"description": "From this day on they are no contact any more"}
    )
    present = fields.Boolean(dump_only=True)
    revision = fields.Integer(dump_only=True)


class ContactChangeSchema(ContactSchema):
    class Meta:
        exclude = ("main",)

    revision = fields.Integer(
        strict=True, metadata={"description": "Refused with 409 if the contact has another by now"}
    )


class ContactFormSchema(ContactSchema):
    """The whole form: what is left empty becomes empty."""

    kana = fields.String(load_default="", validate=validate.Length(max=200))
    roman = fields.String(load_default="", validate=validate.Length(max=200))
    affiliation = fields.String(load_default="", validate=validate.Length(max=500))
    email = fields.String(load_default=None, validate=validate.Length(max=320))
    phone = fields.String(load_default="", validate=validate.Length(max=40))


class OwnDataSchema(ContactSchema):
    """What contacts change themselves."""

    class Meta:
        fields = OWN


class ColleagueSchema(ContactSchema):
    """What contacts see of each other."""

    class Meta:
        fields = ("id", "name", "kana", "roman", "affiliation", "duty", "main")


class ContactEndSchema(Schema):
    ends_on = fields.Date(
        required=True,
        validate=possible_day,
        metadata={"description": "From this day on they are no contact any more; a day to come takes effect by itself"},
    )


class ContactsQuerySchema(Schema):
    ended = fields.Boolean(load_default=False, metadata={"description": "Also those who are no contacts any more"})


class CorporatePageSchema(Schema):
    used = fields.Boolean(required=True, metadata={"description": "Contacts log in, and edit their own names"})


def told(pair: Contact) -> dict[str, Any]:
    """What the API answers of a contact and their person."""
    contact, person = pair
    of_person = {name: getattr(person, name) for name in (*PERSONAL, "id", "revision")}
    of_contact = {name: getattr(contact, name) for name in ("corporation_id", "duty", "main", "ends_on")}
    return {**of_person, **of_contact, "present": person.standing not in ENDED}
