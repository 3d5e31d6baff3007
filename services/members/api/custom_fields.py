"""Custom fields 独自項目 for integrators: what there is to know of a member besides what everybody has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint

from services.members.api.custom_field_schemas import (
    CustomFieldSchema,
    FieldChangeSchema,
    NewFieldSchema,
    RemovalSchema,
)
from services.members.custom_fields.defining import (
    add_field,
    change_field,
    move_field,
    remove_field,
    restore_field,
    retire_field,
)
from services.members.custom_fields.finding import field_by_id, list_fields
from services.members.models import CustomFieldRow
from services.members.roles import FIELDS_DEFINE, MEMBERS_SEE
from shared.web.access import allow, reading, unit

api = Blueprint(
    "custom_fields_api", __name__, url_prefix="/members/api/custom-fields", description="Custom fields of members"
)


@api.route("")
class Fields(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, CustomFieldSchema(many=True))
    def get(self) -> Sequence[CustomFieldRow]:
        """In the society's order, also those that are not asked for any more."""
        with reading() as uow:
            return list_fields(uow)

    @allow(*FIELDS_DEFINE)
    @api.arguments(NewFieldSchema)
    @api.response(201, CustomFieldSchema)
    def post(self, given: dict[str, Any]) -> CustomFieldRow:
        """Add a field, as the last."""
        with unit() as uow:
            return add_field(uow, given)


@api.route("/<uuid:id>")
class OneField(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, CustomFieldSchema)
    def get(self, id: UUID) -> CustomFieldRow:
        """One field."""
        with reading() as uow:
            return field_by_id(uow, str(id))

    @allow(*FIELDS_DEFINE)
    @api.arguments(FieldChangeSchema)
    @api.response(200, CustomFieldSchema)
    def put(self, given: dict[str, Any], id: UUID) -> CustomFieldRow:
        """Define it anew; its type, and choices that are taken, only while no member has a value."""
        revision = given.pop("revision", None)
        with unit() as uow:
            return change_field(uow, str(id), given, revision=revision)

    @allow(*FIELDS_DEFINE)
    @api.arguments(RemovalSchema, location="query")
    @api.response(204)
    def delete(self, query: dict[str, int], id: UUID) -> None:
        """Remove it, with the values of all members, of whom the caller says how many they are."""
        with unit() as uow:
            remove_field(uow, str(id), values=query["values"])


@api.route("/<uuid:id>/<any(up, down):way>")
class FieldMove(MethodView):
    @allow(*FIELDS_DEFINE)
    @api.response(200, CustomFieldSchema(many=True))
    def post(self, id: UUID, way: str) -> Sequence[CustomFieldRow]:
        """One place up or down in the society's order."""
        with unit() as uow:
            move_field(uow, str(id), up=way == "up")
            return list_fields(uow)


@api.route("/<uuid:id>/retirement")
class Retirement(MethodView):
    @allow(*FIELDS_DEFINE)
    @api.response(200, CustomFieldSchema)
    def put(self, id: UUID) -> CustomFieldRow:
        """Nobody is asked for it any more; what is known stays."""
        with unit() as uow:
            return retire_field(uow, str(id))

    @allow(*FIELDS_DEFINE)
    @api.response(200, CustomFieldSchema)
    def delete(self, id: UUID) -> CustomFieldRow:
        """It is asked for again."""
        with unit() as uow:
            return restore_field(uow, str(id))
