"""The societies of the installation, for operators' own tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members import values
from services.members.installation import Overview, overview, overviews
from services.members.roles import SOCIETIES_MANAGE
from services.members.setup import issue_setup_link
from services.members.societies import create_society, resume_society, suspend_society
from services.members.values import BadValue
from shared.errors import Fault, InvalidInput
from shared.ids import new_id
from shared.society import SocietyRow
from shared.web.access import allow, principal, running_service

api = Blueprint("societies_api", __name__, url_prefix="/members/api/societies", description="Societies, for operators")
SLUG = validate.Regexp(r"[a-z][a-z0-9-]{1,30}$")


class LinkTimeSchema(Schema):
    days = fields.Integer(
        load_default=3,
        validate=validate.Range(min=1, max=14),
        metadata={"description": "How long the link to the first administrator is valid"},
    )


class NewSocietySchema(LinkTimeSchema):
    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    name_en = fields.String(required=True, validate=validate.Length(min=1, max=200))
    slug = fields.String(required=True, validate=SLUG)
    email = fields.String(load_default="", validate=validate.Length(max=320))
    fiscal_year_starts = fields.Integer(load_default=4, validate=validate.Range(min=1, max=12))


class ReasonSchema(Schema):
    reason = fields.String(required=True, validate=validate.Length(min=1, max=500))


class SocietySchema(Schema):
    id = fields.UUID()
    slug = fields.String(attribute="society.slug")
    name = fields.String(attribute="society.name")
    name_en = fields.String(attribute="society.name_en")
    state = fields.String(metadata={"description": "active, waiting (for its first administrator) or suspended"})
    members = fields.Integer(metadata={"description": "How many members it has today"})
    created_at = fields.AwareDateTime(allow_none=True)
    link_until = fields.AwareDateTime(allow_none=True)


class SetupLinkSchema(Schema):
    id = fields.UUID()
    setup_link = fields.String(metadata={"description": "To the first administrator; told once"})


def found(given: Mapping[str, Any]) -> tuple[str, str]:
    """A new society, and the link to its first administrator. Raises SlugTaken, InvalidInput."""
    running, id = running_service(), new_id()
    try:
        email = values.email(given["email"]) or ""
    except BadValue as bad:
        raise InvalidInput(faults=[Fault(bad.text, bad.params, "email")]) from bad
    with running.unit(id, actor=principal().actor) as uow:
        society = {name: given[name] for name in ("slug", "name", "name_en", "fiscal_year_starts")}
        create_society(uow, **society, email=email)
        return id, issue_setup_link(uow, public_url=running.settings.public_url, days=given["days"])


@api.route("")
class Societies(MethodView):
    @allow(*SOCIETIES_MANAGE)
    @api.response(200, SocietySchema(many=True))
    def get(self) -> list[Overview]:
        """All of them, by name."""
        running = running_service()
        with running.session(reading=True) as session:
            rows = session.scalars(sa.select(SocietyRow).order_by(SocietyRow.name)).all()
            return overviews(running, session, rows)

    @allow(*SOCIETIES_MANAGE)
    @api.arguments(NewSocietySchema)
    @api.response(201, SetupLinkSchema)
    def post(self, given: dict[str, Any]) -> dict[str, str]:
        """Create a society; the link that is answered leads to its first administrator."""
        id, link = found(given)
        return {"id": id, "setup_link": link}


@api.route("/<uuid:id>")
class OneSociety(MethodView):
    @allow(*SOCIETIES_MANAGE)
    @api.response(200, SocietySchema)
    def get(self, id: UUID) -> Overview:
        """One society."""
        return overview(running_service(), str(id))[0]


@api.route("/<uuid:id>/setup-link")
class SetupLinks(MethodView):
    @allow(*SOCIETIES_MANAGE)
    @api.arguments(LinkTimeSchema)
    @api.response(201, SetupLinkSchema)
    def post(self, given: dict[str, int], id: UUID) -> dict[str, str]:
        """A fresh link to the first administrator; older ones are void."""
        running = running_service()
        with running.unit(str(id), actor=principal().actor) as uow:
            link = issue_setup_link(uow, public_url=running.settings.public_url, days=given["days"])
        return {"id": str(id), "setup_link": link}


@api.route("/<uuid:id>/suspension")
class Suspension(MethodView):
    @allow(*SOCIETIES_MANAGE)
    @api.arguments(ReasonSchema)
    @api.response(200, SocietySchema)
    def put(self, given: dict[str, str], id: UUID) -> Overview:
        """Nobody of the society gets in until it is resumed; nothing is lost."""
        with running_service().unit(str(id), actor=principal().actor) as uow:
            suspend_society(uow, reason=given["reason"])
        return overview(running_service(), str(id))[0]

    @allow(*SOCIETIES_MANAGE)
    @api.arguments(ReasonSchema)
    @api.response(200, SocietySchema)
    def delete(self, given: dict[str, str], id: UUID) -> Overview:
        """The society may be used again."""
        with running_service().unit(str(id), actor=principal().actor) as uow:
            resume_society(uow, reason=given["reason"])
        return overview(running_service(), str(id))[0]
