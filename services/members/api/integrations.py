"""Other programs of the society 外部連携 and their keys, for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.integrations import (
    DAYS_OF_A_KEY,
    ROLES,
    SCOPES,
    add_integration,
    add_key,
    change_integration,
    list_integrations,
    living_keys,
    remove_key,
    stop_integration,
)
from services.members.models import IntegrationKeyRow, IntegrationRow
from services.members.roles import INTEGRATIONS_MANAGE
from shared.identity import Role
from shared.web.access import allow, reading, unit

api = Blueprint(
    "integrations_api", __name__, url_prefix="/members/api/integrations", description="Other programs and their keys"
)


class IntegrationFormSchema(Schema):
    """What a program is called, and what it may: its roles and its scopes must both allow a call."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=100))
    roles = fields.List(
        fields.String(validate=validate.OneOf([role.value for role in ROLES])),
        required=True,
        validate=validate.Length(min=1),
    )
    scopes = fields.List(fields.String(validate=validate.OneOf(SCOPES)), required=True, validate=validate.Length(min=1))


class KeyFormSchema(Schema):
    days = fields.Integer(
        load_default=DAYS_OF_A_KEY[-1],
        validate=validate.OneOf(DAYS_OF_A_KEY),
        metadata={"description": "How long the key is valid"},
    )


class NewIntegrationSchema(IntegrationFormSchema, KeyFormSchema):
    pass


class KeySchema(Schema):
    id = fields.UUID()
    ending = fields.String(metadata={"description": "Its last characters"})
    created_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()
    last_used_at = fields.AwareDateTime(allow_none=True, metadata={"description": "Within five minutes"})


class IntegrationSchema(IntegrationFormSchema):
    id = fields.UUID(metadata={"description": "`client_id` where tokens are asked for"})
    created_at = fields.AwareDateTime()
    stopped_at = fields.AwareDateTime(allow_none=True)
    keys = fields.List(fields.Nested(KeySchema), metadata={"description": "Those that are valid"})


class SecretSchema(Schema):
    id = fields.UUID(metadata={"description": "Of the integration: `client_id`"})
    secret = fields.String(metadata={"description": "The key, `client_secret`: told this once"})


@api.route("")
class Integrations(MethodView):
    @allow(*INTEGRATIONS_MANAGE)
    @api.response(200, IntegrationSchema(many=True))
    def get(self) -> Sequence[dict[str, Any]]:
        """All of them, those in use first."""
        with reading() as uow:
            rows = list_integrations(uow)
            keys = living_keys(uow, [row.id for row in rows])
            return [_shown(row, keys) for row in rows]

    @allow(*INTEGRATIONS_MANAGE)
    @api.arguments(NewIntegrationSchema)
    @api.response(201, SecretSchema)
    def post(self, given: dict[str, Any]) -> dict[str, str]:
        """Register a program. The answer holds its first key, which is never shown again."""
        with unit() as uow:
            row, secret = add_integration(uow, **with_roles(given))
            return {"id": row.id, "secret": secret}


@api.route("/<uuid:id>")
class OneIntegration(MethodView):
    @allow(*INTEGRATIONS_MANAGE)
    @api.arguments(IntegrationFormSchema)
    @api.response(200, IntegrationSchema)
    def put(self, given: dict[str, Any], id: UUID) -> dict[str, Any]:
        """Another name, other roles, other scopes. Tokens that are out end."""
        with unit() as uow:
            row = change_integration(uow, str(id), **with_roles(given))
            return _shown(row, living_keys(uow, [row.id]))

    @allow(*INTEGRATIONS_MANAGE)
    @api.response(204)
    def delete(self, id: UUID) -> None:
        """Stop it for good, at once."""
        with unit() as uow:
            stop_integration(uow, str(id))


@api.route("/<uuid:id>/keys")
class Keys(MethodView):
    @allow(*INTEGRATIONS_MANAGE)
    @api.arguments(KeyFormSchema)
    @api.response(201, SecretSchema)
    @api.alt_response(409, description="It has two keys already, or was stopped")
    def post(self, given: dict[str, Any], id: UUID) -> dict[str, str]:
        """A second key beside the present one, so that one replaces the other without a gap."""
        with unit() as uow:
            return {"id": str(id), "secret": add_key(uow, str(id), days=given["days"])}


@api.route("/<uuid:id>/keys/<uuid:key_id>")
class OneKey(MethodView):
    @allow(*INTEGRATIONS_MANAGE)
    @api.response(204)
    def delete(self, id: UUID, key_id: UUID) -> None:
        """Remove a key; tokens that it got end."""
        with unit() as uow:
            remove_key(uow, str(id), str(key_id))


def with_roles(given: dict[str, Any]) -> dict[str, Any]:
    """A form as the use-cases take it."""
    return {**given, "roles": [Role(role) for role in given["roles"]]}


def _shown(row: IntegrationRow, keys: Sequence[IntegrationKeyRow]) -> dict[str, Any]:
    own = [key for key in keys if key.integration_id == row.id]
    return {
        "id": row.id,
        "name": row.name,
        "roles": row.roles,
        "scopes": row.scopes,
        "created_at": row.created_at,
        "stopped_at": row.stopped_at,
        "keys": own,
    }
