"""The end of personal data 個人情報の消去, for integrators: how long, who, holding back, at once; one's own data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.api.record_schemas import GoingSchema
from services.members.corporations.acting import own_person_id
from services.members.erasure.due import MOST_YEARS, going_within, hold_back, keeping_of, release, set_keeping
from services.members.erasure.erasing import erase_on_request, tell_again
from services.members.logins import check_own_password
from services.members.models import ErasureRow, HoldRow
from services.members.own_data import Rows, hand_out
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE, PEOPLE_ERASE
from services.members.throttle import check, count, own_data_limits
from shared.identity import PAYERS
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, running_service, unit

api = Blueprint("erasure_api", __name__, url_prefix="/members/api", description="Erasure of personal data")


class PersonKeepingSchema(Schema):
    years = fields.Integer(required=True, validate=validate.Range(min=1, max=MOST_YEARS))


class PersonKeptSchema(PersonKeepingSchema):
    """`counts_from`: where a shorter time is to come, the day from which it counts; until then `years_before` do."""

    years_before = fields.Integer()
    counts_from = fields.Date(allow_none=True)
    going = fields.List(fields.Nested(GoingSchema), metadata={"description": "Who is erased within a year, by month"})


class HoldSchema(Schema):
    reason = fields.String(required=True, validate=[validate.Length(max=500), validate.Regexp(r"(?s).*\S")])
    held_at = fields.DateTime(dump_only=True)
    held_by = fields.String(dump_only=True)


class OwnPasswordSchema(Schema):
    """Of whoever asks: so that nobody does it at a screen that was left open."""

    password = fields.String(required=True, validate=validate.Length(max=1000))


class ErasureQuerySchema(Schema):
    after = fields.UUID()
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))


class ErasureSchema(Schema):
    person_id = fields.UUID()
    revision = fields.Integer()
    erased_on = fields.Date()
    cause = fields.String(metadata={"description": "time, or request"})


class ErasurePageSchema(Schema):
    erasures = fields.List(fields.Nested(ErasureSchema))
    next = fields.UUID(allow_none=True)


class PersonDataSchema(Schema):
    tables = fields.Dict(keys=fields.String(), values=fields.List(fields.Dict()))


@api.route("/person-keeping")
class PersonKeeping(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, PersonKeptSchema)
    def get(self) -> Mapping[str, Any]:
        """How many years people are kept who have left, and how many are erased when."""
        with reading() as uow:
            return _kept(uow)

    @allow(*PEOPLE_ERASE)
    @api.arguments(PersonKeepingSchema)
    @api.response(200, PersonKeptSchema)
    def put(self, given: dict[str, int]) -> Mapping[str, Any]:
        """Another number of years: a longer time counts at once, a shorter one after thirty days."""
        with unit() as uow:
            set_keeping(uow, given["years"])
            return _kept(uow)


@api.route("/erasures")
class Erasures(MethodView):
    @allow(*MEMBERS_SEE)
    @api.arguments(ErasureQuerySchema, location="query")
    @api.response(200, ErasurePageSchema)
    def get(self, query: dict[str, Any]) -> Mapping[str, Any]:
        """Who was erased, by id, a page at a time."""
        statement = sa.select(ErasureRow).order_by(ErasureRow.person_id).limit(query["limit"] + 1)
        if query.get("after"):
            statement = statement.where(ErasureRow.person_id > str(query["after"]))
        with reading() as uow:
            rows = uow.session.scalars(statement).all()
        shown = rows[: query["limit"]]
        return {"erasures": shown, "next": shown[-1].person_id if len(rows) > len(shown) else None}

    @allow(*PEOPLE_ERASE)
    @api.response(204)
    def post(self) -> None:
        """Tell the other services again who was erased: after one was restored from an old back-up."""
        with unit() as uow:
            tell_again(uow)


@api.route("/members/<uuid:member>/hold")
class Hold(MethodView):
    @allow(*MEMBERS_CHANGE)
    @api.arguments(HoldSchema)
    @api.response(200, HoldSchema)
    def put(self, given: dict[str, str], member: UUID) -> HoldRow:
        """Somebody is not erased until they are released."""
        with unit() as uow:
            return hold_back(uow, str(member), given["reason"].strip())

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, member: UUID) -> None:
        """They go with the others again."""
        with unit() as uow:
            release(uow, str(member))


@api.route("/members/<uuid:member>/erasure")
class Erase(MethodView):
    @allow(*PEOPLE_ERASE)
    @api.arguments(OwnPasswordSchema)
    @api.response(204)
    def post(self, given: dict[str, str], member: UUID) -> None:
        """Erase somebody at once who has asked for it. There is no way back."""
        check_own_password(running_service(), principal(), given["password"], field="password")
        with unit() as uow:
            erase_on_request(uow, str(member))


@api.route("/members/<uuid:member>/data")
class PersonData(MethodView):
    @allow(*PEOPLE_ERASE)
    @api.arguments(OwnPasswordSchema)
    @api.response(200, PersonDataSchema)
    def post(self, given: dict[str, str], member: UUID) -> Mapping[str, Any]:
        """All that is held of a person, notes of the office included: to be looked through before it is handed out."""
        check_own_password(running_service(), principal(), given["password"], field="password")
        with unit() as uow:
            return {"tables": msgspec.to_builtins(hand_out(uow, str(member), whole=True))}


@api.route("/my/data")
class OwnData(MethodView):
    @allow(*PAYERS)
    @api.arguments(OwnPasswordSchema)
    @api.response(200, PersonDataSchema)
    def post(self, given: dict[str, str]) -> Mapping[str, Any]:
        """All that is held of oneself, by table."""
        return {"tables": msgspec.to_builtins(own_data(given["password"]))}


def own_data(password: str) -> Mapping[str, Rows]:
    """Of whoever is logged in, and knows their password. Raises InvalidInput, TooManyDownloads."""
    who = principal()
    check_own_password(running_service(), who, password, field="password")
    limits = own_data_limits(who.account_id)
    with unit() as uow:
        check(uow, limits)
        count(uow, limits)
        return hand_out(uow, own_person_id(uow, who))


def _kept(uow: UnitOfWork) -> Mapping[str, Any]:
    return {**keeping_of(uow).facts(uow.today), "going": going_within(uow)}
