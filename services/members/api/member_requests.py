"""Requests of members 届出, for integrators: what waits, and the decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.api.schemas import possible_day
from services.members.member_requests import accept_request, refuse_request, waiting_requests
from services.members.models import RequestRow
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared.web.access import allow, reading, unit

api = Blueprint("requests_api", __name__, url_prefix="/members/api/requests", description="Requests of members")


class RequestSchema(Schema):
    id = fields.UUID()
    person_id = fields.UUID()
    kind = fields.String(validate=validate.OneOf(["name", "leave", "withdrawal"]))
    asked = fields.Dict(metadata={"description": "name, kana and roman; or day, an ISO date"})
    reason = fields.String()
    state = fields.String(validate=validate.OneOf(["waiting", "accepted", "refused", "taken_back"]))
    asked_at = fields.AwareDateTime()
    answer = fields.String()


class AcceptSchema(Schema):
    day = fields.Date(validate=possible_day, metadata={"description": "Another day than the member asked for"})
    answer = fields.String(load_default="", validate=validate.Length(max=2_000))


class RefuseSchema(Schema):
    answer = fields.String(required=True, validate=validate.Length(min=1, max=2_000))


@api.route("")
class Requests(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, RequestSchema(many=True))
    def get(self) -> Sequence[RequestRow]:
        """What the office has to decide, oldest first."""
        with reading() as uow:
            return [row for row, _ in uow.session.execute(waiting_requests().order_by(RequestRow.id))]


@api.route("/<uuid:id>/accept")
class Acceptance(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(AcceptSchema)
    @api.response(200, RequestSchema)
    def post(self, given: dict[str, Any], id: UUID) -> RequestRow:
        """Accept it: the change is made with that."""
        with unit() as uow:
            return accept_request(uow, str(id), **given)


@api.route("/<uuid:id>/refuse")
class Refusal(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(RefuseSchema)
    @api.response(200, RequestSchema)
    def post(self, given: dict[str, Any], id: UUID) -> RequestRow:
        """Refuse it, with an answer that the member reads."""
        with unit() as uow:
            return refuse_request(uow, str(id), **given)
