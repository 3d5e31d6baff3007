"""Sent mail, for integrators: search, read, send again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.notifications.disclosure import text_for
from services.notifications.letters import recipients, resend_letter, search_letters
from services.notifications.models import STATES, LetterRow
from services.notifications.rendering import kinds
from services.notifications.roles import LETTERS_RESEND, LETTERS_SEE
from shared.identity import Principal
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit

api = Blueprint("letters_api", __name__, url_prefix="/notifications/api/letters", description="Sent mail")


class LetterSchema(Schema):
    """A letter; recipient and words are those of its last attempt."""

    id = fields.UUID()
    kind = fields.String(metadata={"description": "Name of its template"})
    state = fields.String(validate=validate.OneOf(STATES))
    person_id = fields.UUID(allow_none=True, metadata={"description": "null: the office of the society"})
    invoice_id = fields.UUID(allow_none=True)
    name = fields.String()
    address = fields.String()
    language = fields.String(allow_none=True)
    subject = fields.String(allow_none=True)
    text = fields.String(
        allow_none=True, metadata={"description": "Links that are secrets are left out for some roles"}
    )
    queued_at = fields.AwareDateTime()
    sent_at = fields.AwareDateTime(allow_none=True)
    next_try_at = fields.AwareDateTime(allow_none=True)
    attempts = fields.Integer()
    message_id = fields.String(allow_none=True)
    delivery = fields.String(allow_none=True, metadata={"description": "What the mail server said last"})


class LetterQuerySchema(Schema):
    q = fields.String(load_default="", validate=validate.Length(max=200), metadata={"description": "Address or words"})
    state = fields.String(load_default="", validate=validate.OneOf(["", *STATES]))
    kind = fields.String(load_default="", validate=validate.OneOf(["", *kinds()]))
    after = fields.UUID(metadata={"description": "The id of the last letter of the page before"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))


class LetterPageSchema(Schema):
    letters = fields.List(fields.Nested(LetterSchema))
    next = fields.UUID(allow_none=True, metadata={"description": "`after` of the next page; null: this was the last"})


@api.route("")
class Letters(MethodView):
    @allow(*LETTERS_SEE)
    @api.arguments(LetterQuerySchema, location="query")
    @api.response(200, LetterPageSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Search letters, a page at a time, the newest first."""
        statement = search_letters(text=query["q"], state=query["state"], kind=query["kind"])
        if "after" in query:
            statement = statement.where(LetterRow.id < str(query["after"]))
        with reading() as uow:
            rows = uow.session.scalars(statement.order_by(LetterRow.id.desc()).limit(query["limit"] + 1)).all()
            shown = rows[: query["limit"]]
            found = _shown(uow, shown, principal())
        return {"letters": found, "next": shown[-1].id if len(rows) > len(shown) else None}


@api.route("/<uuid:id>")
class OneLetter(MethodView):
    @allow(*LETTERS_SEE)
    @api.response(200, LetterSchema)
    def get(self, id: UUID) -> dict[str, Any]:
        """One letter with its full text and how delivery went."""
        with reading() as uow:
            return _shown(uow, [uow.get(LetterRow, str(id))], principal())[0]


@api.route("/<uuid:id>/resend")
class Resend(MethodView):
    @allow(*LETTERS_RESEND)
    @api.response(202, LetterSchema)
    def post(self, id: UUID) -> dict[str, Any]:
        """Send a letter again whose delivery failed."""
        with unit() as uow:
            return _shown(uow, [resend_letter(uow, str(id))], principal())[0]


def _shown(uow: UnitOfWork, rows: Any, who: Principal) -> list[dict[str, Any]]:
    to = recipients(uow, rows)
    names = [name for name in LetterSchema().fields if name not in ("name", "address", "text")]
    return [
        {
            **{name: getattr(row, name) for name in names},
            "name": to[row.id][0],
            "address": to[row.id][1],
            "text": text_for(uow, row, who),
        }
        for row in rows
    ]
