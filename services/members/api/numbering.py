"""Numbering 採番 of a chosen list, for integrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.models import SelectionRow
from services.members.numbers.assigning import (
    HIGHEST,
    Planned,
    Preview,
    first_numbers,
    formats_of,
    look_at_numbering,
    start_numbering,
)
from services.members.roles import MEMBERS_CHANGE
from shared.jobs import JobRow
from shared.web.access import allow, reading, unit
from shared.web.problems import translated
from shared.web.work import WorkSchema

api = Blueprint(
    "numbering_api", __name__, url_prefix="/members/api/selections/<uuid:id>/numbers", description="Member numbers"
)


class StartsSchema(Schema):
    starts = fields.Dict(
        required=True,
        keys=fields.String(validate=validate.Length(max=10)),
        values=fields.Integer(strict=True, validate=validate.Range(min=1, max=HIGHEST - 1)),
        metadata={"description": "The first number to be given, by prefix (empty for none)"},
    )


class PlannedSchema(Schema):
    member_id = fields.UUID(attribute="member.id")
    name = fields.String(attribute="member.name")
    number = fields.String()
    obstacle = fields.Function(lambda planned: _words(planned), metadata={"type": "string"})


class NumbersPreviewSchema(Schema):
    """What numbering would do. All or nothing: with anybody in the way it is refused."""

    count = fields.Integer()
    in_the_way = fields.Integer()
    planned = fields.List(fields.Nested(PlannedSchema), metadata={"description": "The first hundred"})
    obstacles = fields.List(fields.Nested(PlannedSchema), metadata={"description": "The first hundred"})


@api.route("")
class Numbering(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(200, StartsSchema)
    def get(self, id: UUID) -> dict[str, Any]:
        """Where the numbers of the list would go on: the next free ones, by prefix."""
        with reading() as uow:
            return {"starts": first_numbers(uow, formats_of(uow, uow.get(SelectionRow, str(id))))}

    @allow(*MEMBERS_CHANGE)
    @api.arguments(StartsSchema)
    @api.response(202, WorkSchema)
    def post(self, given: dict[str, Any], id: UUID) -> JobRow:
        """Give numbers to all of the list, in its order and without gaps, or to nobody, in the background."""
        with unit() as uow:
            return start_numbering(uow, uow.get(SelectionRow, str(id)), given["starts"])


@api.route("/preview")
class NumberingPreview(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(StartsSchema)
    @api.response(200, NumbersPreviewSchema)
    def post(self, given: dict[str, Any], id: UUID) -> Preview:
        """Who would get which number, and who cannot. Changes nothing."""
        with reading() as uow:
            return look_at_numbering(uow, uow.get(SelectionRow, str(id)), given["starts"])


def _words(planned: Planned) -> str:
    return translated(planned.obstacle) if planned.obstacle else ""
