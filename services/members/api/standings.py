"""Standings 会員状況 with their dates, for integrators: of one member, and of a chosen list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.api.schemas import possible_day
from services.members.models import MemberRow, SelectionRow, StandingRow
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.standings.bulk import Preview, look_at_change, start_change
from services.members.standings.history import change_standing, edit_standing, history_of, remove_standing
from services.members.standings.words import STANDINGS
from shared.jobs import JobRow
from shared.web.access import allow, reading, unit
from shared.web.work import WorkSchema

api = Blueprint("standings_api", __name__, url_prefix="/members/api", description="Standings with dates")


class EntrySchema(Schema):
    """From a day on, a standing."""

    standing = fields.String(required=True, validate=validate.OneOf(list(STANDINGS)))
    starts_on = fields.Date(required=True, validate=possible_day)


class StandingChangeSchema(EntrySchema):
    last_day = fields.Date(
        validate=possible_day, metadata={"description": "Of the membership 退会予定日: needed with `leaving`"}
    )


class StandingSchema(EntrySchema):
    id = fields.UUID()
    in_force_at = fields.AwareDateTime(allow_none=True, metadata={"description": "null: scheduled 変更予定"})
    recorded_at = fields.AwareDateTime()
    recorded_by = fields.String()


class ObstacleSchema(Schema):
    member_id = fields.UUID(attribute="member.id")
    name = fields.String(attribute="member.name")
    number = fields.String(attribute="member.number", allow_none=True)
    standing = fields.String()
    starts_on = fields.Date()
    too_early = fields.Boolean(metadata={"description": "A later day would do; otherwise no day will"})


class BulkPreviewSchema(Schema):
    """What a bulk change would do now. All or nothing: with anybody in the way it is refused."""

    count = fields.Integer()
    in_the_way = fields.Integer()
    first_day = fields.Date(
        allow_none=True, metadata={"description": "The earliest possible, where dates are in the way"}
    )
    obstacles = fields.List(fields.Nested(ObstacleSchema), metadata={"description": "The first hundred"})


@api.route("/members/<uuid:member>/standings")
class Standings(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, StandingSchema(many=True))
    def get(self, member: UUID) -> Sequence[StandingRow]:
        """The history, newest first; what is scheduled comes before what is in force."""
        with reading() as uow:
            return history_of(uow, uow.get(MemberRow, str(member)).id)

    @allow(*MEMBERS_CHANGE)
    @api.arguments(StandingChangeSchema)
    @api.response(201, StandingSchema(many=True))
    def post(self, given: dict[str, Any], member: UUID) -> Sequence[StandingRow]:
        """Another standing from a day on; a day to come schedules it."""
        with unit() as uow:
            change_standing(uow, str(member), **given)
            return history_of(uow, str(member))


@api.route("/members/<uuid:member>/standings/<uuid:id>")
class OneStanding(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(EntrySchema)
    @api.response(200, StandingSchema(many=True))
    def put(self, given: dict[str, Any], member: UUID, id: UUID) -> Sequence[StandingRow]:
        """Put an entry of the history right."""
        with unit() as uow:
            edit_standing(uow, str(member), str(id), **given)
            return history_of(uow, str(member))

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, member: UUID, id: UUID) -> None:
        """Take an entry away, above all a scheduled one."""
        with unit() as uow:
            remove_standing(uow, str(member), str(id))


@api.route("/selections/<uuid:id>/standing")
class BulkChange(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(EntrySchema, location="query")
    @api.response(200, BulkPreviewSchema)
    def get(self, given: dict[str, Any], id: UUID) -> Preview:
        """What changing all of a chosen list would do, and who is in the way. Changes nothing."""
        with reading() as uow:
            return look_at_change(uow, uow.get(SelectionRow, str(id)), **given)

    @allow(*MEMBERS_CHANGE)
    @api.arguments(EntrySchema)
    @api.response(202, WorkSchema)
    def post(self, given: dict[str, Any], id: UUID) -> JobRow:
        """Change all of a chosen list, or none, in the background."""
        with unit() as uow:
            return start_change(uow, uow.get(SelectionRow, str(id)), **given)
