"""Who may do what 権限一覧, for integrators."""

from __future__ import annotations

from collections.abc import Sequence

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from services.members.roles import PERMISSIONS_SEE
from shared.capabilities import CAPABILITIES, Capability
from shared.web.access import allow

api = Blueprint("permissions_api", __name__, url_prefix="/members/api/permissions", description="Who may do what")


class CapabilitySchema(Schema):
    name = fields.String()
    ja = fields.String(metadata={"description": "What it is, in Japanese"})
    en = fields.String(metadata={"description": "What it is, in English"})
    area = fields.String(metadata={"description": "A service, or operation"})
    scope = fields.String(metadata={"description": "own, society or installation"})
    roles = fields.List(fields.String(), metadata={"description": "Who has it; empty: everybody who is logged in"})


@api.route("")
class Permissions(MethodView):
    @allow(*PERMISSIONS_SEE)
    @api.response(200, CapabilitySchema(many=True))
    def get(self) -> Sequence[Capability]:
        """All that can be done, and by which roles."""
        return list(CAPABILITIES.values())
