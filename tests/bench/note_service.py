"""The smallest service on the kit that says something: a POST writes a row and an outbox row."""

from __future__ import annotations

import sys
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from shared.ids import new_id
from shared.messages.notifications import LetterBounced
from shared.service import Service
from shared.web.access import allow_anyone_logged_in, unit
from shared.web.server import serve
from tests.bench.traffic import Base, NoteRow

api = Blueprint("notes", __name__, url_prefix="/notifications/api/notes", description="Notes")


class NoteSchema(Schema):
    id = fields.String(dump_only=True)
    invoice = fields.String(required=True, validate=validate.Length(equal=36))
    payer = fields.String(required=True, validate=validate.Length(equal=36))
    title = fields.String(required=True, validate=validate.Length(min=1, max=200))


@api.route("")
class Notes(MethodView):
    @allow_anyone_logged_in
    @api.arguments(NoteSchema)
    @api.response(201, NoteSchema)
    def post(self, given: dict[str, Any]) -> NoteRow:
        """Note it, and tell the others."""
        with unit() as uow:
            note = uow.add(NoteRow(id=new_id(), **given))
            uow.say(LetterBounced(letter_id=note.id, person_id=note.payer, code="5.1.1", bounced_at=uow.now))
            return note


SERVICE = Service(name="notifications", package="tests.bench", metadata=Base.metadata, api=[api])

if __name__ == "__main__":
    sys.exit(serve(SERVICE))
