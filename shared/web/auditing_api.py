"""The audit trail 操作ログ of a service, for integrators: `GET /<service>/api/audit`."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from shared.audit.chain import head_of
from shared.audit.rows import CheckRow
from shared.audit.search import Found, Wanted, matching, page_of
from shared.capabilities import may
from shared.service import RunningService
from shared.web.access import allow, reading
from shared.web.auditing import WantedSchema


class AuditQuerySchema(WantedSchema):
    before = fields.UUID(load_default=None, metadata={"description": "Entries older than this one: `next`"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1_000))


class AuditActorSchema(Schema):
    kind = fields.String(validate=validate.OneOf(["person", "system", "message", "provider"]))
    id = fields.String(allow_none=True)
    name = fields.String()


class AuditEntrySchema(Schema):
    id = fields.UUID()
    at = fields.AwareDateTime()
    actor = fields.Nested(AuditActorSchema)
    action = fields.String(metadata={"description": "verb-noun, as `confirm-run`"})
    subject = fields.String(metadata={"description": "What it was done to, as `run/<id>`"})
    before = fields.Dict(allow_none=True)
    after = fields.Dict(allow_none=True)
    trace = fields.String(allow_none=True)
    number = fields.Integer(allow_none=True, metadata={"description": "Place in the chain; null: not yet sealed"})
    hash = fields.String(allow_none=True)


class AuditChainSchema(Schema):
    """How far the chain is sealed, and what its last check said."""

    number = fields.Integer(metadata={"description": "Of the newest sealed entry; 0: none is"})
    hash = fields.String(allow_none=True)
    sealed_at = fields.AwareDateTime(allow_none=True)
    checked_at = fields.AwareDateTime(allow_none=True)
    checked_to = fields.Integer()
    faults = fields.Integer(metadata={"description": "Found by the last check; more than 0: it was tampered with"})


class AuditTrailSchema(Schema):
    entries = fields.List(fields.Nested(AuditEntrySchema))
    next = fields.UUID(allow_none=True, metadata={"description": "`before` of the page that follows"})
    chain = fields.Nested(AuditChainSchema)


def make_blueprint(running: RunningService) -> Blueprint:
    api = Blueprint("kit_audit_api", __name__, url_prefix=f"/{running.name}/api", description="Audit trail")

    @api.route("/audit")
    class Audit(MethodView):
        @allow(*may("see-audit"))
        @api.arguments(AuditQuerySchema, location="query")
        @api.response(200, AuditTrailSchema)
        def get(self, query: dict[str, Any]) -> dict[str, Any]:
            """Search the audit trail, newest first, a page at a time."""
            before, limit = query.pop("before"), query.pop("limit")
            with reading() as uow:
                page = page_of(uow.session, matching(Wanted(**query), uow.zone), limit, before=before)
                head, check = head_of(uow.session), uow.session.get(CheckRow, uow.society_id)
            chain = {
                "number": head.number if head else 0,
                "hash": head and head.hash,
                "sealed_at": head and head.sealed_at,
                "checked_at": check and check.checked_at,
                "checked_to": check.checked_to if check else 0,
                "faults": check.faults if check else 0,
            }
            return {"entries": list(map(_entry, page.rows)), "next": page.older, "chain": chain}

    return api


def _entry(row: Found) -> dict[str, Any]:
    entry, place = row
    names = ("id", "at", "action", "subject", "before", "after", "trace")
    return {
        **{name: getattr(entry, name) for name in names},
        "actor": {"kind": entry.actor_kind, "id": entry.actor_id, "name": entry.actor_name},
        "number": place and place.number,
        "hash": place and place.hash,
    }
