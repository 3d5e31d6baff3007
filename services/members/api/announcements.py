"""Announcements お知らせ, for integrators of the office: written, put in order, with files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.announcements.attachments import attach_file, attachments_of, remove_attachment
from services.members.announcements.audience import STANDINGS_ON_MY_PAGE, count_readers
from services.members.announcements.editing import (
    WAYS,
    add_announcement,
    change_announcement,
    copy_announcement,
    in_order,
    move_announcement,
    remove_announcement,
    restore_announcement,
    withdraw_announcement,
)
from services.members.announcements.reading import count_reads
from services.members.api.schemas import UploadSchema, possible_day
from services.members.models import AnnouncementRow, AttachmentRow
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, unit

api = Blueprint(
    "announcements_api", __name__, url_prefix="/members/api/announcements", description="Announcements to members"
)


class AnnouncementSchema(Schema):
    """Days are days of the society's zone, the last one included. No first day: a draft."""

    title = fields.String(required=True, validate=validate.Length(min=1, max=200))
    title_en = fields.String(load_default="", validate=validate.Length(max=200))
    body = fields.String(
        load_default="", validate=validate.Length(max=20_000), metadata={"description": "Plain text; links are found"}
    )
    body_en = fields.String(load_default="", validate=validate.Length(max=20_000))
    shown_from = fields.Date(load_default=None, allow_none=True, validate=possible_day)
    shown_until = fields.Date(load_default=None, allow_none=True, validate=possible_day)
    categories = fields.List(
        fields.String(), load_default=list, metadata={"description": "Codes of categories; none: all of them"}
    )
    standings = fields.List(
        fields.String(validate=validate.OneOf(STANDINGS_ON_MY_PAGE)),
        load_default=list,
        metadata={"description": "None: all members (active, on_leave, leaving)"},
    )
    by_mail = fields.Boolean(
        load_default=False, metadata={"description": "Readers also get a mail, once, when it becomes visible"}
    )


class AnnouncementChangeSchema(AnnouncementSchema):
    """What is not given stays as it is."""


class AttachmentSchema(Schema):
    id = fields.UUID()
    name = fields.String()
    media_type = fields.String()
    size = fields.Integer(metadata={"description": "Bytes"})
    href = fields.Function(lambda row: url_for("attachments.send", id=row.id), metadata={"type": "string"})


class StoredSchema(AnnouncementSchema):
    id = fields.UUID()
    state = fields.String(validate=validate.OneOf(["draft", "scheduled", "published", "over", "withdrawn"]))
    told_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When its mail was set going"})
    readers = fields.Integer(metadata={"description": "How many members it is for, as of now"})
    reads = fields.Integer(metadata={"description": "How many of them have opened it"})
    attachments = fields.List(fields.Nested(AttachmentSchema))


class ListedSchema(Schema):
    id = fields.UUID()
    title = fields.String()
    title_en = fields.String()
    shown_from = fields.Date(allow_none=True)
    shown_until = fields.Date(allow_none=True)
    state = fields.String()


class MoveSchema(Schema):
    way = fields.String(required=True, validate=validate.OneOf(WAYS))


@api.route("")
class Announcements(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, ListedSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """All of them, in the office's order."""
        with reading() as uow:
            return [_with_state(uow, row) for row in uow.session.scalars(in_order())]

    @allow(*MEMBERS_CHANGE)
    @api.arguments(AnnouncementSchema)
    @api.response(201, StoredSchema)
    def post(self, given: dict[str, Any]) -> dict[str, Any]:
        """Write one; it takes the first place."""
        with unit() as uow:
            return _stored(uow, add_announcement(uow, given))


@api.route("/<uuid:id>")
class OneAnnouncement(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, StoredSchema)
    def get(self, id: UUID) -> dict[str, Any]:
        """One announcement."""
        with reading() as uow:
            return _stored(uow, uow.get(AnnouncementRow, str(id)))

    @allow(*MEMBERS_CHANGE)
    @api.arguments(AnnouncementChangeSchema(partial=True))
    @api.response(200, StoredSchema)
    def patch(self, given: dict[str, Any], id: UUID) -> dict[str, Any]:
        """Change some of its fields."""
        with unit() as uow:
            return _stored(uow, change_announcement(uow, str(id), given))

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, id: UUID) -> None:
        """Remove it for good, with its files."""
        with unit() as uow:
            remove_announcement(uow, str(id))


@api.route("/<uuid:id>/move")
class Moving(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(MoveSchema)
    @api.response(204)
    def post(self, given: dict[str, Any], id: UUID) -> None:
        """Put it elsewhere in the office's order."""
        with unit() as uow:
            move_announcement(uow, str(id), given["way"])


@api.route("/<uuid:id>/copy")
class Copying(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(201, StoredSchema)
    def post(self, id: UUID) -> dict[str, Any]:
        """A draft with the same words, readers and files."""
        with unit() as uow:
            return _stored(uow, copy_announcement(uow, str(id)))


@api.route("/<uuid:id>/withdrawal")
class Withdrawal(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def put(self, id: UUID) -> None:
        """Take it off My Page at once."""
        with unit() as uow:
            withdraw_announcement(uow, str(id))

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, id: UUID) -> None:
        """Let its period count again."""
        with unit() as uow:
            restore_announcement(uow, str(id))


@api.route("/<uuid:id>/attachments")
class Attachments(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(UploadSchema, location="files")
    @api.response(201, AttachmentSchema)
    def post(self, given: dict[str, Any], id: UUID) -> AttachmentRow:
        """Attach a file."""
        with unit() as uow:
            return attach_file(uow, str(id), given["file"].filename or "", given["file"].stream)


@api.route("/<uuid:announcement>/attachments/<uuid:id>")
class OneAttachment(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, announcement: UUID, id: UUID) -> None:
        """Take a file away."""
        with unit() as uow:
            remove_attachment(uow, str(announcement), str(id))


def _with_state(uow: UnitOfWork, row: AnnouncementRow) -> dict[str, Any]:
    return {**{c.name: getattr(row, c.name) for c in row.__table__.columns}, "state": row.state_on(uow.today)}


def _stored(uow: UnitOfWork, row: AnnouncementRow) -> dict[str, Any]:
    return {
        **_with_state(uow, row),
        "readers": count_readers(uow, row),
        "reads": count_reads(uow, row.id),
        "attachments": attachments_of(uow, [row.id]),
    }
