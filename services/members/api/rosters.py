"""Import of rosters, for integrators: upload, look, confirm."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask.views import MethodView
from flask_babel import gettext
from flask_smorest import Blueprint

from services.members.api.difference_schemas import DifferencesPageSchema, DifferencesQuerySchema, RosterModeSchema
from services.members.api.schemas import RosterFaultSchema, RosterSchema, UploadSchema
from services.members.models import RosterRow, StagedRow
from services.members.roles import MEMBERS_CHANGE
from services.members.rosters.differences import compared, staged_rows
from services.members.rosters.upload import confirm_roster, discard_roster, faults_of, upload_roster
from shared.web.access import allow, reading, unit

api = Blueprint("rosters_api", __name__, url_prefix="/members/api/imports", description="Import of rosters")
MOST_FAULTS = 1_000


@api.route("")
class Rosters(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(UploadSchema, location="files")
    @api.arguments(RosterModeSchema, location="query")
    @api.response(202, RosterSchema)
    def post(self, given: dict[str, Any], asked: dict[str, str]) -> RosterRow:
        """Upload a roster (XLSX or CSV); the dry run begins."""
        with unit() as uow:
            return upload_roster(uow, given["file"].filename or "", given["file"].stream, mode=asked["mode"])


@api.route("/<uuid:id>")
class OneRoster(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(200, RosterSchema)
    def get(self, id: UUID) -> RosterRow:
        """Its state and counts."""
        with reading() as uow:
            return uow.get(RosterRow, str(id))

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, id: UUID) -> None:
        """Discard it."""
        with unit() as uow:
            discard_roster(uow, str(id))


@api.route("/<uuid:id>/faults")
class RosterFaults(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(200, RosterFaultSchema(many=True))
    def get(self, id: UUID) -> list[dict[str, Any]]:
        """What is wrong with it: the first thousand faults, by row and column."""
        with reading() as uow:
            uow.get(RosterRow, str(id))
            return [
                {"row": fault.row, "column": fault.column, "detail": gettext(fault.text, **fault.params)}
                for fault in faults_of(uow, str(id), MOST_FAULTS)
            ]


@api.route("/<uuid:id>/differences")
class RosterDifferences(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(DifferencesQuerySchema, location="query")
    @api.response(200, DifferencesPageSchema)
    def get(self, asked: dict[str, Any], id: UUID) -> dict[str, Any]:
        """What its rows would change, field by field, in the order of the file; until it is imported."""
        after, limit = asked.pop("after"), asked.pop("limit")
        with reading() as uow:
            found = staged_rows(uow.get(RosterRow, str(id)).id, **asked).where(StagedRow.row > after)
            rows = uow.session.execute(found.order_by(StagedRow.row).limit(limit + 1)).all()
            page = compared(uow, rows[:limit])
        return {"rows": page, "next": page[-1].row if len(rows) > limit else None}


@api.route("/<uuid:id>/confirm")
class RosterConfirmation(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(202, RosterSchema)
    def post(self, id: UUID) -> RosterRow:
        """Import it, all or nothing, in the background."""
        with unit() as uow:
            confirm_roster(uow, str(id))
            return uow.get(RosterRow, str(id))
