"""Access tokens for other programs (OAuth 2.0 client credentials); errors as RFC 6749 section 5.2 has them, because
that is what libraries on the other side read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from flask import Response, jsonify, request
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from services.members.access_tokens import principal_of_key
from services.members.settings import MembersSettings
from shared.errors import Kind, TsudoiError
from shared.identity import TOKEN_LIFETIME, sign_token
from shared.web.access import allow_public, running_service
from shared.web.csrf import signed_by_provider
from shared.web.place import place
from shared.web.problems import translated

api = Blueprint("token_api", __name__, url_prefix="/members/api/token", description="Access tokens for other programs")

_FORM = {
    "type": "object",
    "properties": {
        "grant_type": {"type": "string", "enum": ["client_credentials"]},
        "client_id": {"type": "string", "description": "Here or as user name (HTTP Basic)"},
        "client_secret": {"type": "string", "description": "Here or as password (HTTP Basic)"},
        "scope": {"type": "string", "description": "Fewer than the key allows, with blanks between"},
    },
    "required": ["grant_type"],
}


class TokenSchema(Schema):
    access_token = fields.String(metadata={"description": "For `Authorization: Bearer …`"})
    token_type = fields.String()
    expires_in = fields.Integer(metadata={"description": "Seconds"})
    scope = fields.String(metadata={"description": "What it may be used for, with blanks between"})


class TokenRefusedSchema(Schema):
    """RFC 6749 section 5.2."""

    error = fields.String()
    error_description = fields.String()


@api.route("")
@signed_by_provider  # its key is what counts, never a cookie
class Token(MethodView):
    @allow_public
    @api.doc(requestBody={"content": {"application/x-www-form-urlencoded": {"schema": _FORM}}}, security=[])
    @api.response(200, TokenSchema)
    @api.alt_response(400, schema=TokenRefusedSchema)
    @api.alt_response(401, schema=TokenRefusedSchema)
    @api.alt_response(429, schema=TokenRefusedSchema)
    def post(self) -> dict[str, Any] | Response:
        """A token for ten minutes against the id and key of an integration."""
        if request.form.get("grant_type") != "client_credentials":
            return _refused(400, "unsupported_grant_type", "client_credentials")
        id, secret = _credentials()
        running = running_service()
        settings = cast(MembersSettings, running.settings)
        try:
            who = principal_of_key(running, id, secret, place=place())
        except TsudoiError as error:
            code = "temporarily_unavailable" if error.kind is Kind.TOO_MANY else "invalid_client"
            return _refused(error.kind.status, code, translated(error))
        asked = frozenset(request.form.get("scope", "").split()) or who.scopes
        if who.scopes is None or asked is None or not asked <= who.scopes:
            return _refused(400, "invalid_scope", " ".join(sorted(who.scopes or ())))
        token = sign_token(replace(who, scopes=asked), settings.token_key.read_bytes())
        lives = int(TOKEN_LIFETIME.total_seconds())
        return {"access_token": token, "token_type": "Bearer", "expires_in": lives, "scope": " ".join(sorted(asked))}


def _refused(status: int, error: str, description: str) -> Response:
    answer = jsonify(error=error, error_description=description)
    answer.status_code = status
    if status == 401 and request.authorization is not None:
        answer.headers["WWW-Authenticate"] = "Basic"
    return answer


def _credentials() -> tuple[str, str]:
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        return basic.username or "", basic.password or ""
    return request.form.get("client_id", ""), request.form.get("client_secret", "")
