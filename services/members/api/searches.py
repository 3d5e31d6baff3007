"""Saved searches 保存した検索 of members, for integrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.api.schemas import SearchSchema
from services.members.models import SavedSearchRow
from services.members.roles import MEMBERS_SEE
from services.members.saved_searches import change_search, remove_search, save_search, visible_searches
from shared.identity import Role
from shared.web.access import allow, principal, reading, unit

api = Blueprint("searches_api", __name__, url_prefix="/members/api/searches", description="Saved searches")


class NameSchema(Schema):
    """What a form says of a saved search."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=100))
    shared = fields.Boolean(load_default=False, metadata={"description": "Do all of the office see it?"})


class SavingSchema(NameSchema):
    conditions = fields.Nested(SearchSchema, required=True)


class SearchChangeSchema(SavingSchema):
    """Any of these."""


class SavedSearchSchema(Schema):
    id = fields.UUID()
    name = fields.String()
    shared = fields.Boolean()
    owner_id = fields.UUID()
    owner_name = fields.String()
    conditions = fields.Dict(metadata={"description": "As the search of members takes them"})
    changed_at = fields.AwareDateTime()


@api.route("")
class Searches(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, SavedSearchSchema(many=True))
    def get(self) -> Sequence[SavedSearchRow]:
        """One's own and those that are shared."""
        with reading() as uow:
            return visible_searches(uow)

    @allow(*MEMBERS_SEE)
    @api.arguments(SavingSchema)
    @api.response(201, SavedSearchSchema)
    def post(self, given: dict[str, Any]) -> SavedSearchRow:
        """Give a search a name."""
        with unit() as uow:
            return save_search(uow, given["conditions"]["search"], name=given["name"], shared=given["shared"])


@api.route("/<uuid:id>")
class OneSearch(MethodView):
    @allow(*MEMBERS_SEE)
    @api.arguments(SearchChangeSchema(partial=True))
    @api.response(200, SavedSearchSchema)
    def patch(self, given: dict[str, Any], id: UUID) -> SavedSearchRow:
        """Another name, other eyes, other conditions: one's own, or as an administrator a shared one."""
        if "conditions" in given:
            given["search"] = given.pop("conditions")["search"]
        with unit() as uow:
            return change_search(uow, str(id), administrator=principal().may(Role.ADMINISTRATOR), **given)

    @allow(*MEMBERS_SEE)
    @api.response(204)
    def delete(self, id: UUID) -> None:
        """Forget it."""
        with unit() as uow:
            remove_search(uow, str(id), administrator=principal().may(Role.ADMINISTRATOR))
