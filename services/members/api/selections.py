"""Chosen lists of members, for integrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.api.schemas import SearchSchema
from services.members.models import MemberRow, SelectionRow
from services.members.roles import MEMBERS_CHANGE
from services.members.search import ORDERS, known, matching
from services.members.selections import choose
from shared import jobs
from shared.jobs import JobRow
from shared.web.access import allow, reading, unit
from shared.web.work import WorkSchema

api = Blueprint("selections_api", __name__, url_prefix="/members/api", description="Chosen lists of members")


class ChoiceSchema(SearchSchema):
    """A search, or of its findings those with these ids."""

    ids = fields.List(fields.UUID(), validate=validate.Length(min=1, max=10_000))
    sort = fields.String(load_default="number", validate=validate.OneOf([*ORDERS, *(f"-{name}" for name in ORDERS)]))


class SelectionSchema(Schema):
    id = fields.UUID()
    count = fields.Integer()
    made_at = fields.AwareDateTime()


@api.route("/selections")
class Selections(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(ChoiceSchema)
    @api.response(201, SelectionSchema)
    def post(self, given: dict[str, Any]) -> SelectionRow:
        """Keep a list as it is now, in its order, for two days; then do something with all of it."""
        with unit() as uow:
            found = matching(known(uow, given["search"]))
            if "ids" in given:
                found = found.where(MemberRow.id.in_([str(id) for id in given["ids"]]))
            return choose(uow, found, sort=given["sort"])


@api.route("/work/<uuid:id>")
class Work(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(200, WorkSchema)
    def get(self, id: UUID) -> JobRow:
        """How far long work is that was started here."""
        with reading() as uow:
            return jobs.look(uow, str(id))
