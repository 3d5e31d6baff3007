"""Members and oneself, for integrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask.views import MethodView
from flask_smorest import Blueprint

from services.members.api.schemas import (
    ChangeSchema,
    MemberPageSchema,
    MemberQuerySchema,
    MemberSchema,
    MeSchema,
    PersonSchema,
)
from services.members.custom_fields.finding import list_fields
from services.members.members import add_member, change_member, free_address
from services.members.models import MemberRow
from services.members.person_input import read_person
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.search import known, matching_ids
from services.members.search_index import Found, plan_each_search
from shared.web.access import allow, allow_anyone_logged_in, principal, reading, unit
from shared.web.i18n import language

api = Blueprint("members_api", __name__, url_prefix="/members/api", description="Members")


@api.route("/members")
class Members(MethodView):
    @allow(*MEMBERS_SEE)
    @api.arguments(MemberQuerySchema, location="query")
    @api.response(200, MemberPageSchema)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Search members, a page at a time, by id."""
        limit = query["limit"]
        with reading() as uow:
            plan_each_search(uow.session)
            found = matching_ids(known(uow, query["search"])).order_by(Found.id).limit(limit + 1)
            if "after" in query:
                found = found.where(Found.id > str(query["after"]))
            rows = uow.session.scalars(sa.select(MemberRow).where(MemberRow.id.in_(found)).order_by(MemberRow.id)).all()
        more, shown = len(rows) > limit, rows[:limit]
        return {"members": shown, "next": shown[-1].id if more else None}

    @allow(*MEMBERS_CHANGE)
    @api.arguments(PersonSchema)
    @api.response(201, MemberSchema)
    def post(self, given: dict[str, Any]) -> MemberRow:
        """Add a member."""
        with unit() as uow:
            return add_member(uow, read_person(given, list_fields(uow), language()))


@api.route("/members/<uuid:id>")
class OneMember(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, MemberSchema)
    def get(self, id: UUID) -> MemberRow:
        """One member."""
        with reading() as uow:
            return uow.get(MemberRow, str(id))

    @allow(*MEMBERS_CHANGE)
    @api.arguments(ChangeSchema(partial=True))
    @api.response(200, MemberSchema)
    def patch(self, given: dict[str, Any], id: UUID) -> MemberRow:
        """Change some fields of a member; the standing changes by way of its history."""
        revision = given.pop("revision", None)
        with unit() as uow:
            read = read_person(given, list_fields(uow), language())
            return change_member(uow, str(id), read, revision=revision)


@api.route("/members/<uuid:id>/email")
class Email(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.response(200, MemberSchema)
    def delete(self, id: UUID) -> MemberRow:
        """Free the address of somebody who has left, for another record."""
        with unit() as uow:
            return free_address(uow, str(id))


@api.route("/me")
class Me(MethodView):
    @allow_anyone_logged_in
    @api.response(200, MeSchema)
    def get(self) -> dict[str, Any]:
        """Who is asking."""
        who = principal()
        return {
            "account_id": who.account_id,
            "person_id": who.person_id,
            "society_id": who.society_id,
            "name": who.name,
            "language": who.language,
            "roles": sorted(who.roles),
        }
