"""Members who are there twice 重複候補, for integrators: found, told apart, merged (M18+)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.api.schemas import MemberSchema
from services.members.duplicates.choosing import BOTH, GONE, KEPT, choices_of
from services.members.duplicates.evidence import reasons_in
from services.members.duplicates.finding import start_finding
from services.members.duplicates.merging import merge_members, refuse_unlike
from services.members.duplicates.moving import count_moving
from services.members.duplicates.pairs import best_first, pairs_in, propose_again, tell_apart
from services.members.models import MemberRow
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared.jobs import JobRow
from shared.web.access import allow, reading, unit
from shared.web.work import WorkSchema

api = Blueprint("duplicates_api", __name__, url_prefix="/members/api", description="Members who are there twice")


class DuplicateQuerySchema(Schema):
    state = fields.String(load_default="open", validate=validate.OneOf(["open", "different"]))
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))
    offset = fields.Integer(load_default=0, validate=validate.Range(min=0, max=1_000_000))


class DuplicateSchema(Schema):
    """Two members who may be one person; the higher the score, the more speaks for it."""

    first = fields.Nested(MemberSchema)
    second = fields.Nested(MemberSchema)
    score = fields.Integer()
    reasons = fields.List(fields.String())
    decided_at = fields.AwareDateTime(allow_none=True)
    decided_by = fields.String()


class FieldSchema(Schema):
    name = fields.String(metadata={"description": "Custom fields are `custom.` and their header"})
    kept = fields.Raw(allow_none=True)
    gone = fields.Raw(allow_none=True)
    proposed = fields.String(validate=validate.OneOf([KEPT, GONE, BOTH]))


class MovingSchema(Schema):
    what = fields.String()
    count = fields.Integer()


class MergerSchema(Schema):
    """What merging would do. The revisions are to be given back with the decision."""

    kept_revision = fields.Integer()
    gone_revision = fields.Integer()
    fields_ = fields.List(fields.Nested(FieldSchema), data_key="fields")
    moving = fields.List(fields.Nested(MovingSchema))


class DecisionSchema(Schema):
    """Whose value stays, by field; what is not named stays as proposed."""

    kept_revision = fields.Integer(strict=True, required=True)
    gone_revision = fields.Integer(strict=True, required=True)
    chosen = fields.Dict(
        keys=fields.String(validate=validate.Length(max=220)),
        values=fields.String(validate=validate.OneOf([KEPT, GONE, BOTH])),
        load_default=dict,
    )


@api.route("/duplicates")
class Duplicates(MethodView):
    @allow(*MEMBERS_SEE)
    @api.arguments(DuplicateQuerySchema, location="query")
    @api.response(200, DuplicateSchema(many=True))
    def get(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """Pairs that may be one person, the most probable first."""
        with reading() as uow:
            statement = pairs_in(query["state"]).order_by(*best_first()).limit(query["limit"]).offset(query["offset"])
            return [
                {
                    "first": first,
                    "second": second,
                    "score": pair.score,
                    "reasons": [reason.name for reason in reasons_in(pair.reasons)],
                    "decided_at": pair.decided_at,
                    "decided_by": pair.decided_by,
                }
                for pair, first, second in uow.session.execute(statement)
            ]


@api.route("/duplicates/search")
class Search(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(202, WorkSchema)
    def post(self) -> JobRow:
        """Look for pairs now; by itself it is done every few hours."""
        with unit() as uow:
            return start_finding(uow)


@api.route("/duplicates/<uuid:one>/<uuid:other>/different")
class Different(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def put(self, one: UUID, other: UUID) -> None:
        """They are two persons: the pair is not proposed any more."""
        with unit() as uow:
            tell_apart(uow, str(one), str(other))

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, one: UUID, other: UUID) -> None:
        """They may be one person after all."""
        with unit() as uow:
            propose_again(uow, str(one), str(other))


@api.route("/members/<uuid:kept>/mergers/<uuid:gone>")
class Merger(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(200, MergerSchema)
    def get(self, kept: UUID, gone: UUID) -> dict[str, Any]:
        """What merging `gone` into `kept` would do."""
        with reading() as uow:
            into, away = uow.get(MemberRow, str(kept)), uow.get(MemberRow, str(gone))
            refuse_unlike(uow, into, away)
            return {
                "kept_revision": into.revision,
                "gone_revision": away.revision,
                "fields_": choices_of(into, away),
                "moving": [{"what": what, "count": count} for what, count in count_moving(uow, away.id)],
            }

    @allow(*MEMBERS_CHANGE)
    @api.arguments(DecisionSchema)
    @api.response(200, MemberSchema)
    def put(self, given: dict[str, Any], kept: UUID, gone: UUID) -> MemberRow:
        """Merge `gone` into `kept`. From then on `gone` is answered with 410, and a link to `kept`."""
        revisions = given["kept_revision"], given["gone_revision"]
        with unit() as uow:
            return merge_members(uow, str(kept), str(gone), given["chosen"], revisions=revisions)
