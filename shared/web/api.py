"""The HTTP API of a service: flask-smorest blueprints, and their OpenAPI document at `/<service>/api/openapi.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import Flask, Response, jsonify, request
from flask_smorest import Api
from marshmallow import Schema, fields

from shared.errors import N_, Fault, InvalidInput
from shared.service import RunningService
from shared.web import auditing_api
from shared.web.access import Access, declare_endpoint
from shared.web.asking import is_api
from shared.web.problems import PROBLEM

_SUSPICIOUS = re.compile(rb"\\u(d[89a-f]|0000)|[0-9]{4000}", re.IGNORECASE)
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
DEEPEST, MOST_FAULTS = 500, 20


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

    def _register_responses(self) -> None:
        """As what errors are documented; flask-smorest has no setting for it."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = PROBLEM
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE

    def _openapi_json(self) -> Response:
        """Operations stand under what their blueprint is about, not under its name in our code."""
        document = self.spec.to_dict()
        about = {tag["name"]: tag.get("description", tag["name"]) for tag in document.get("tags", ())}
        document["tags"] = [{"name": name} for name in dict.fromkeys(about.values())]
        for item in document["paths"].values():
            for operation in item.values():
                if "tags" in operation:  # an item also has parameters
                    operation["tags"] = [about.get(tag, tag) for tag in operation["tags"]]
        return jsonify(document)


def _refuse_what_cannot_be_stored() -> None:
    """JSON can hold half of a character, and a NUL: no database stores them, and no line of a log shows them. Nor is
    anything meant by what is nested a thousand deep, or by a number of thousands of digits."""
    if not (request.is_json and is_api()):  # others read their bodies themselves, up to limits of their own
        return
    body = request.get_data()
    if not _SUSPICIOUS.search(body) and body.count(b"[") + body.count(b"{") < DEEPEST:
        return
    try:
        places = list(islice(dict.fromkeys(_bad(json.loads(body))), MOST_FAULTS))
    except json.JSONDecodeError:
        return  # no JSON at all: told where it is read
    except (RecursionError, ValueError) as error:
        raise InvalidInput(faults=[Fault(N_("This is not valid JSON."))]) from error
    if places:
        text = N_("This holds characters that do not exist.")
        raise InvalidInput(faults=[Fault(text, field=place or None) for place in places])


def _bad(given: Any, place: str = "") -> Iterator[str]:
    """Where such characters stand."""
    if isinstance(given, str):
        if _UNSTORABLE.search(given):
            yield place
    elif isinstance(given, dict):
        for name, value in given.items():
            yield from _bad(name, place)
            shown = _UNSTORABLE.sub("\ufffd", name)
            yield from _bad(value, f"{place}.{shown}" if place else shown)
    elif isinstance(given, list):
        for each in given:
            yield from _bad(each, place)


def install(app: Flask, running: RunningService) -> None:
    app.before_request(_refuse_what_cannot_be_stored)
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
