"""The corporate member as its contacts 連絡者 see it, and their own data, for a program of theirs (M14)."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from services.members.api.contact_schemas import ColleagueSchema, ContactSchema, OwnDataSchema, told
from services.members.corporations.acting import own_person_id
from services.members.corporations.contacts import change_own_data
from services.members.corporations.following import contact_of, contacts_of
from services.members.models import MemberRow
from services.members.person_input import read_person
from shared.identity import Role
from shared.web.access import allow, principal, reading, unit

api = Blueprint("my_corporation_api", __name__, url_prefix="/members/api/my/corporation", description="My Page")


class CorporationSchema(Schema):
    id = fields.UUID()
    name = fields.String()
    roman = fields.String()
    number = fields.String(allow_none=True)
    category = fields.String(allow_none=True)
    standing = fields.String()
    joined_on = fields.Date(allow_none=True)
    contacts = fields.List(fields.Nested(ColleagueSchema))


@api.route("")
class MyCorporation(MethodView):
    @allow(Role.CONTACT)
    @api.response(200, CorporationSchema)
    def get(self) -> dict[str, Any]:
        """The corporate member for which one acts."""
        with reading() as uow:
            row = uow.get(MemberRow, str(principal().person_id))
            names = ("id", "name", "roman", "number", "category", "standing", "joined_on")
            contacts = [told((contact, person)) for contact, person in contacts_of(uow, row.id)]
            return {**{name: getattr(row, name) for name in names}, "contacts": contacts}

    @allow(Role.CONTACT)
    @api.arguments(OwnDataSchema(partial=True))
    @api.response(200, ContactSchema)
    def patch(self, given: dict[str, Any]) -> dict[str, Any]:
        """Change some of one's own data as a contact."""
        with unit() as uow:
            change_own_data(uow, own_person_id(uow, principal()), read_person(given))
            return told(contact_of(uow, str(principal().person_id), own_person_id(uow, principal())))
