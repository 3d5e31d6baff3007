"""Kinds of records 履歴種別 and how long records are kept, for integrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint

from services.members.api.record_schemas import KeepingSchema, KeptSchema, RecordKindSchema
from services.members.models import RecordKindRow
from services.members.records.keeping import going_within, keeping_of, set_keeping
from services.members.records.kinds import add_kind, change_kind, list_kinds, move_kind, remove_kind
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, unit

api = Blueprint("record_kinds_api", __name__, url_prefix="/members/api", description="Kinds of history records")


@api.route("/record-kinds")
class Kinds(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, RecordKindSchema(many=True))
    def get(self) -> Sequence[RecordKindRow]:
        """In the society's order."""
        with reading() as uow:
            return list_kinds(uow)

    @allow(*MEMBERS_CHANGE)
    @api.arguments(RecordKindSchema)
    @api.response(201, RecordKindSchema)
    def post(self, given: dict[str, str]) -> RecordKindRow:
        """Add a kind, as the last."""
        with unit() as uow:
            return add_kind(uow, **given)


@api.route("/record-kinds/<uuid:id>")
class OneKind(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(RecordKindSchema)
    @api.response(200, RecordKindSchema)
    def put(self, given: dict[str, str], id: UUID) -> RecordKindRow:
        """Name it anew."""
        with unit() as uow:
            return change_kind(uow, str(id), **given)

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, id: UUID) -> None:
        """Remove a kind that no record has."""
        with unit() as uow:
            remove_kind(uow, str(id))


@api.route("/record-kinds/<uuid:id>/<any(up, down):way>")
class KindMove(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(200, RecordKindSchema(many=True))
    def post(self, id: UUID, way: str) -> Sequence[RecordKindRow]:
        """One place up or down in the society's order."""
        with unit() as uow:
            move_kind(uow, str(id), up=way == "up")
            return list_kinds(uow)


@api.route("/record-keeping")
class Keep(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, KeptSchema)
    def get(self) -> dict[str, Any]:
        """How many years records are kept, and what is deleted when."""
        with reading() as uow:
            return _kept(uow)

    @allow(*MEMBERS_CHANGE)
    @api.arguments(KeepingSchema)
    @api.response(200, KeptSchema)
    def put(self, given: dict[str, int]) -> dict[str, Any]:
        """Another number of years: a longer time counts at once, a shorter one after thirty days."""
        with unit() as uow:
            set_keeping(uow, given["years"])
            return _kept(uow)


def _kept(uow: UnitOfWork) -> dict[str, Any]:
    return {**keeping_of(uow).facts(uow.today), "going": going_within(uow)}
