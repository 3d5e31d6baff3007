"""One standing or category for a whole chosen list, for integrators: a look, and the work in the background."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from services.members.api.histories import CategoryEntrySchema, StandingEntrySchema
from services.members.histories.bulk import Preview, look_at_change, start_change
from services.members.histories.tracks import CATEGORY, STANDING
from services.members.models import SelectionRow
from services.members.roles import MEMBERS_CHANGE
from shared.jobs import JobRow
from shared.web.access import allow, reading, unit
from shared.web.work import WorkSchema

api = Blueprint("bulk_api", __name__, url_prefix="/members/api/selections", description="Changes of chosen lists")


class ObstacleSchema(Schema):
    member_id = fields.UUID(attribute="member.id")
    name = fields.String(attribute="member.name")
    number = fields.String(attribute="member.number", allow_none=True)
    starts_on = fields.Date()
    too_early = fields.Boolean(metadata={"description": "A later day would do; otherwise no day will"})


class StandingObstacleSchema(ObstacleSchema):
    standing = fields.String(attribute="value")


class CategoryObstacleSchema(ObstacleSchema):
    category = fields.String(attribute="value")


class PreviewSchema(Schema):
    """What a bulk change would do now. All or nothing: with anybody in the way it is refused."""

    count = fields.Integer()
    in_the_way = fields.Integer()
    first_day = fields.Date(
        allow_none=True, metadata={"description": "The earliest possible, where dates are in the way"}
    )


class StandingPreviewSchema(PreviewSchema):
    obstacles = fields.List(fields.Nested(StandingObstacleSchema), metadata={"description": "The first hundred"})


class CategoryPreviewSchema(PreviewSchema):
    obstacles = fields.List(fields.Nested(CategoryObstacleSchema), metadata={"description": "The first hundred"})


@api.route("/<uuid:id>/standing")
class StandingOfMany(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(StandingEntrySchema, location="query")
    @api.response(200, StandingPreviewSchema)
    def get(self, given: dict[str, Any], id: UUID) -> Preview:
        """What changing all of a chosen list would do, and who is in the way. Changes nothing."""
        with reading() as uow:
            chosen = uow.get(SelectionRow, str(id))
            return look_at_change(uow, STANDING, chosen, given["standing"], given["starts_on"])

    @allow(*MEMBERS_CHANGE)
    @api.arguments(StandingEntrySchema)
    @api.response(202, WorkSchema)
    def post(self, given: dict[str, Any], id: UUID) -> JobRow:
        """Change all of a chosen list, or none, in the background."""
        with unit() as uow:
            chosen = uow.get(SelectionRow, str(id))
            return start_change(uow, STANDING, chosen, given["standing"], given["starts_on"])


@api.route("/<uuid:id>/category")
class CategoryOfMany(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(CategoryEntrySchema, location="query")
    @api.response(200, CategoryPreviewSchema)
    def get(self, given: dict[str, Any], id: UUID) -> Preview:
        """What changing all of a chosen list would do, and who is in the way. Changes nothing."""
        with reading() as uow:
            chosen = uow.get(SelectionRow, str(id))
            return look_at_change(uow, CATEGORY, chosen, given["category"], given["starts_on"])

    @allow(*MEMBERS_CHANGE)
    @api.arguments(CategoryEntrySchema)
    @api.response(202, WorkSchema)
    def post(self, given: dict[str, Any], id: UUID) -> JobRow:
        """Change all of a chosen list, or none, in the background. Whoever has that category keeps it."""
        with unit() as uow:
            chosen = uow.get(SelectionRow, str(id))
            return start_change(uow, CATEGORY, chosen, given["category"], given["starts_on"])
