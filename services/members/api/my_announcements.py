"""Announcements お知らせ as a member reads them, for a program of their own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from services.members.announcements.attachments import attachments_of
from services.members.announcements.reading import announcement_for, announcements_for, mark_read, read_by
from services.members.api.announcements import AttachmentSchema
from services.members.models import MemberRow
from services.members.roles import ANNOUNCEMENTS_READ
from shared.web.access import allow, principal, reading, unit
from shared.web.i18n import language

api = Blueprint("my_announcements_api", __name__, url_prefix="/members/api/my/announcements", description="My Page")


class ReadableSchema(Schema):
    """In the reader's language, where there is a text in it."""

    id = fields.UUID()
    title = fields.String()
    shown_from = fields.Date()
    read = fields.Boolean()


class ReadableTextSchema(Schema):
    id = fields.UUID()
    title = fields.String()
    body = fields.String()
    shown_from = fields.Date()
    attachments = fields.List(fields.Nested(AttachmentSchema))


@api.route("")
class MyAnnouncements(MethodView):
    @allow(*ANNOUNCEMENTS_READ)
    @api.response(200, ReadableSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """What is shown to this member today, in the office's order."""
        with reading() as uow:
            me = uow.get(MemberRow, str(principal().person_id))
            rows = announcements_for(uow, me)
            opened = read_by(uow, me, [row.id for row in rows])
            return [
                {
                    "id": row.id,
                    "title": row.title_in(language()),
                    "shown_from": row.shown_from,
                    "read": row.id in opened,
                }
                for row in rows
            ]


@api.route("/<uuid:id>")
class MyAnnouncement(MethodView):
    @allow(*ANNOUNCEMENTS_READ)
    @api.response(200, ReadableTextSchema)
    def get(self, id: UUID) -> dict[str, Any]:
        """One of them, with its files. It stays new until it is marked."""
        with reading() as uow:
            row = announcement_for(uow, uow.get(MemberRow, str(principal().person_id)), str(id))
            return {
                "id": row.id,
                "title": row.title_in(language()),
                "body": row.body_in(language()),
                "shown_from": row.shown_from,
                "attachments": attachments_of(uow, [row.id]),
            }


@api.route("/<uuid:id>/read")
class Reading(MethodView):
    @allow(*ANNOUNCEMENTS_READ)
    @api.response(204)
    def put(self, id: UUID) -> None:
        """Mark it as read."""
        with unit() as uow:
            mark_read(uow, uow.get(MemberRow, str(principal().person_id)), str(id))
