"""The HTTP API of a service: flask-smorest blueprints, and their OpenAPI document at `/<service>/api/openapi.json`."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, request
from flask_smorest import Api
from marshmallow import Schema, fields

from shared.errors import N_, Fault, InvalidInput
from shared.service import RunningService
from shared.web import auditing_api
from shared.web.access import Access, declare_endpoint


class FaultSchema(Schema):
    """One thing that is wrong with an input."""

    field = fields.String(metadata={"description": "Where; dots lead into nested objects"})
    row = fields.Integer(metadata={"description": "Which row or list element, counted from 1"})
    detail = fields.String(required=True)


class ProblemSchema(Schema):
    """An error as RFC 9457 describes it (application/problem+json)."""

    type = fields.String(required=True, metadata={"description": "Stable slug, such as invoice-already-paid"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "A sentence in the reader's language"})
    trace = fields.String(required=True, metadata={"description": "What to tell the operators"})
    errors = fields.List(fields.Nested(FaultSchema))


class _Api(Api):  # type: ignore[misc]
    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """shared.web.problems answers all errors alike."""


def _refuse_half_characters() -> None:
    """JSON can hold half of a character, which no database stores and no log line shows."""
    if request.is_json and b"\\ud" in request.get_data().lower():
        try:
            json.dumps(json.loads(request.get_data()), ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise InvalidInput(faults=[Fault(N_("This holds characters that do not exist."))]) from error
        except ValueError:
            return  # no JSON at all: told where it is read


def install(app: Flask, running: RunningService) -> None:
    app.before_request(_refuse_half_characters)
    options: dict[str, Any] = {
        "servers": [{"url": running.settings.public_url}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "integration": {
                    "type": "oauth2",
                    "flows": {"clientCredentials": {"tokenUrl": "/members/api/token", "scopes": _scopes(running.name)}},
                },
                "cookie": {"type": "apiKey", "in": "cookie", "name": "tsudoi_token"},
            }
        },
        "security": [{"bearer": []}, {"integration": []}, {"cookie": []}],
    }
    app.config.update(
        API_TITLE=f"Tsudoi {running.name}",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=f"/{running.name}/api",
        OPENAPI_JSON_PATH="openapi.json",
    )
    api = _Api(app, spec_kwargs=options)
    declare_endpoint(app, "api-docs.openapi_json", Access(public=True))
    for blueprint in (*running.service.api, auditing_api.make_blueprint(running)):
        api.register_blueprint(blueprint)


def _scopes(service: str) -> dict[str, str]:
    return {f"{service}:read": "GET", f"{service}:write": "POST, PUT, PATCH, DELETE"}
