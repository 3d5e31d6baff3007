"""History records 履歴情報, for integrators: search, by hand, by file, and one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_smorest import Blueprint

from services.members.api.record_schemas import (
    ModeSchema,
    NewRecordSchema,
    OwnRecordSchema,
    RecordChangeSchema,
    RecordPageSchema,
    RecordQuerySchema,
    RecordSchema,
)
from services.members.api.schemas import RosterSchema, UploadSchema
from services.members.models import RecordRow, RosterRow
from services.members.records.by_hand import add_record, change_record, remove_record
from services.members.records.finding import matching_records, public_records
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE, OWN_MEMBERSHIP
from services.members.rosters.upload import upload_roster
from shared.web.access import allow, principal, reading, unit

api = Blueprint("records_api", __name__, url_prefix="/members/api", description="History records")


@api.route("/records")
class Records(MethodView):
    @allow(*MEMBERS_SEE)
    @api.arguments(RecordQuerySchema, location="query")
    @api.response(200, RecordPageSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Search records, a page at a time, by id."""
        after, limit = query.pop("after", None), query.pop("limit")
        query["kind"] = str(query.get("kind", ""))
        with reading() as uow:
            statement = matching_records(uow, query.pop("q"), **query).with_only_columns(RecordRow)
            if after:
                statement = statement.where(RecordRow.id > str(after))
            rows = uow.session.scalars(statement.order_by(RecordRow.id).limit(limit + 1)).all()
        more, shown = len(rows) > limit, rows[:limit]
        return {"records": shown, "next": shown[-1].id if more else None}

    @allow(*MEMBERS_CHANGE)
    @api.arguments(NewRecordSchema)
    @api.response(201, RecordSchema)
    def post(self, given: dict[str, Any]) -> RecordRow:
        """Add a record."""
        with unit() as uow:
            return add_record(uow, str(given.pop("member_id")), given)


@api.route("/records/<uuid:id>")
class OneRecord(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, RecordSchema)
    def get(self, id: UUID) -> RecordRow:
        """One record."""
        with reading() as uow:
            return uow.get(RecordRow, str(id))

    @allow(*MEMBERS_CHANGE)
    @api.arguments(RecordChangeSchema(partial=True))
    @api.response(200, RecordSchema)
    def patch(self, given: dict[str, Any], id: UUID) -> RecordRow:
        """Change some fields of a record."""
        revision = given.pop("revision", None)
        with unit() as uow:
            return change_record(uow, str(id), given, revision=revision)

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, id: UUID) -> None:
        """Remove a record."""
        with unit() as uow:
            remove_record(uow, str(id))


@api.route("/records/imports")
class RecordFiles(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(UploadSchema, location="files")
    @api.arguments(ModeSchema, location="query")
    @api.response(202, RosterSchema)
    def post(self, given: dict[str, Any], asked: dict[str, str]) -> RosterRow:
        """Upload a file of records (XLSX or CSV) and have it checked; then it goes on as a roster, by its id."""
        with unit() as uow:
            file = given["file"]
            return upload_roster(uow, file.filename or "", file.stream, holds="records", mode=asked["mode"])


@api.route("/my/records")
class OwnRecords(MethodView):
    @allow(*OWN_MEMBERSHIP)
    @api.response(200, OwnRecordSchema(many=True))
    def get(self) -> Sequence[dict[str, Any]]:
        """One's own public records, the latest first."""
        with reading() as uow:
            found = public_records(str(principal().person_id)).order_by(RecordRow.starts_on.desc(), RecordRow.id)
            own = ("id", "title", "title_en", "starts_on", "ends_on")
            return [
                {**{name: getattr(record, name) for name in own}, "kind": kind.name, "kind_en": kind.name_en}
                for record, kind in uow.session.execute(found)
            ]
