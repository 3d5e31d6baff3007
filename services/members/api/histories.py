"""The histories of one member, for integrators: standings 会員状況 and categories 会員種別 with their dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.api.schemas import possible_day
from services.members.histories.categories import change_category_of, edit_category_entry
from services.members.histories.changing import history_of, remove_entry
from services.members.histories.tracks import CATEGORY, STANDING
from services.members.models import DatedEntry, MemberRow
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.standings.history import change_standing, edit_standing
from services.members.standings.words import STANDINGS
from shared.web.access import allow, reading, unit

api = Blueprint("histories_api", __name__, url_prefix="/members/api/members", description="Histories of a member")


class DatedSchema(Schema):
    starts_on = fields.Date(required=True, validate=possible_day)


class StandingEntrySchema(DatedSchema):
    """From a day on, a standing."""

    standing = fields.String(required=True, validate=validate.OneOf(list(STANDINGS)))


class StandingChangeSchema(StandingEntrySchema):
    last_day = fields.Date(
        validate=possible_day, metadata={"description": "Of the membership 退会予定日: needed with `leaving`"}
    )


class CategoryEntrySchema(DatedSchema):
    """From a day on, a category, by its code."""

    category = fields.String(required=True, validate=validate.Length(min=1, max=100))


class RecordedSchema(Schema):
    id = fields.UUID()
    in_force_at = fields.AwareDateTime(allow_none=True, metadata={"description": "null: scheduled 変更予定"})
    recorded_at = fields.AwareDateTime()
    recorded_by = fields.String()


class StandingSchema(StandingEntrySchema, RecordedSchema):
    pass


class MemberCategorySchema(CategoryEntrySchema, RecordedSchema):
    pass


@api.route("/<uuid:member>/standings")
class Standings(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, StandingSchema(many=True))
    def get(self, member: UUID) -> Sequence[DatedEntry]:
        """The history, newest first; what is scheduled comes before what is in force."""
        with reading() as uow:
            return history_of(uow, STANDING, uow.get(MemberRow, str(member)).id)

    @allow(*MEMBERS_CHANGE)
    @api.arguments(StandingChangeSchema)
    @api.response(201, StandingSchema(many=True))
    def post(self, given: dict[str, Any], member: UUID) -> Sequence[DatedEntry]:
        """Another standing from a day on; a day to come schedules it."""
        with unit() as uow:
            change_standing(uow, str(member), **given)
            return history_of(uow, STANDING, str(member))


@api.route("/<uuid:member>/standings/<uuid:id>")
class OneStanding(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(StandingEntrySchema)
    @api.response(200, StandingSchema(many=True))
    def put(self, given: dict[str, Any], member: UUID, id: UUID) -> Sequence[DatedEntry]:
        """Put an entry of the history right."""
        with unit() as uow:
            edit_standing(uow, str(member), str(id), **given)
            return history_of(uow, STANDING, str(member))

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, member: UUID, id: UUID) -> None:
        """Take an entry away, above all a scheduled one."""
        with unit() as uow:
            remove_entry(uow, STANDING, str(member), str(id))


@api.route("/<uuid:member>/categories")
class Categories(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, MemberCategorySchema(many=True))
    def get(self, member: UUID) -> Sequence[DatedEntry]:
        """The history, newest first; what is scheduled comes before what is in force."""
        with reading() as uow:
            return history_of(uow, CATEGORY, uow.get(MemberRow, str(member)).id)

    @allow(*MEMBERS_CHANGE)
    @api.arguments(CategoryEntrySchema)
    @api.response(201, MemberCategorySchema(many=True))
    def post(self, given: dict[str, Any], member: UUID) -> Sequence[DatedEntry]:
        """Another category from a day on; a day to come schedules it."""
        with unit() as uow:
            change_category_of(uow, str(member), **given)
            return history_of(uow, CATEGORY, str(member))


@api.route("/<uuid:member>/categories/<uuid:id>")
class OneCategory(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(CategoryEntrySchema)
    @api.response(200, MemberCategorySchema(many=True))
    def put(self, given: dict[str, Any], member: UUID, id: UUID) -> Sequence[DatedEntry]:
        """Put an entry of the history right."""
        with unit() as uow:
            edit_category_entry(uow, str(member), str(id), **given)
            return history_of(uow, CATEGORY, str(member))

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, member: UUID, id: UUID) -> None:
        """Take an entry away, above all a scheduled one."""
        with unit() as uow:
            remove_entry(uow, CATEGORY, str(member), str(id))
