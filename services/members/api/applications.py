"""Applications 入会申請 for integrators: who is on the way, admission, the terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.api.schemas import MemberSchema, possible_day
from services.members.applications.deciding import admit
from services.members.applications.links import void_application
from services.members.applications.pending import pending_applications
from services.members.applications.terms import list_terms, publish_terms
from services.members.models import ApplicationRow, MemberRow, TermsRow
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared.web.access import allow, reading, unit

api = Blueprint("applications_api", __name__, url_prefix="/members/api", description="Applications")


class PendingSchema(Schema):
    id = fields.UUID()
    email = fields.String()
    language = fields.String()
    started_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()


class AdmissionSchema(Schema):
    ids = fields.List(fields.UUID(), required=True, validate=validate.Length(min=1, max=1_000))
    joined_on = fields.Date(required=True, validate=possible_day)


class TermsSchema(Schema):
    edition = fields.Integer(dump_only=True)
    text = fields.String(required=True, validate=validate.Length(min=1, max=50_000))
    text_en = fields.String(load_default="", validate=validate.Length(max=50_000))
    published_at = fields.AwareDateTime(dump_only=True)


@api.route("/applications")
class Applications(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, PendingSchema(many=True))
    def get(self) -> Sequence[ApplicationRow]:
        """Whose link can be used just now, newest first. Who has sent the form is a member with standing `applying`."""
        with reading() as uow:
            return pending_applications(uow)


@api.route("/applications/<uuid:id>")
class OneApplication(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, id: UUID) -> None:
        """Take the link back."""
        with unit() as uow:
            void_application(uow, str(id))


@api.route("/admissions")
class Admissions(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(AdmissionSchema)
    @api.response(200, MemberSchema(many=True))
    def post(self, given: dict[str, Any]) -> Sequence[MemberRow]:
        """Admit applicants, all or none."""
        with unit() as uow:
            return admit(uow, {str(id) for id in given["ids"]}, joined_on=given["joined_on"])


@api.route("/terms")
class Terms(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, TermsSchema(many=True))
    def get(self) -> Sequence[TermsRow]:
        """All editions of the terms 会員規約, newest first."""
        with reading() as uow:
            return list_terms(uow)

    @allow(*MEMBERS_CHANGE)
    @api.arguments(TermsSchema)
    @api.response(201, TermsSchema)
    def post(self, given: dict[str, Any]) -> TermsRow:
        """Publish an edition; it is in force at once."""
        with unit() as uow:
            return publish_terms(uow, text=given["text"], text_en=given["text_en"])
