"""Cards 会員証 and certificates 会員証明書, for integrators (M17+)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response
from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members.api.printing import certificate_pdf
from services.members.api.schemas import possible_day
from services.members.cards import card_of, card_settings, change_card_settings
from services.members.certificates import certificate_of, certificates_of, issue_certificate
from services.members.codes import codes_of, renew_code, revoke_code
from services.members.errors.papers import NoCardToday
from services.members.models import CardSettingsRow, CertificateRow, MemberRow
from services.members.papers import verification_address
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, running_service, unit
from shared.web.i18n import LANGUAGES

api = Blueprint("cards_api", __name__, url_prefix="/members/api", description="Membership cards and certificates")


class CardSettingsSchema(Schema):
    """What is printed on cards and certificates from now on."""

    valid_until = fields.Date(
        load_default=None,
        allow_none=True,
        validate=possible_day,
        metadata={"description": "Of cards. null, or a day that is over: the end of the fiscal year"},
    )
    signatory = fields.String(
        load_default="",
        validate=validate.Length(max=100),
        metadata={"description": "Who signs certificates: office and name"},
    )
    signatory_en = fields.String(load_default="", validate=validate.Length(max=100))


class CardSchema(Schema):
    state = fields.String(validate=validate.OneOf(["none", "valid", "revoked"]))
    made_at = fields.AwareDateTime(allow_none=True)
    made_by = fields.String(metadata={"description": "Empty: by the system, when the card was shown first"})
    valid_until = fields.Date(allow_none=True, metadata={"description": "null: not a current member today"})
    address = fields.Url(metadata={"description": "What the QR holds; only in the answer to POST"})


class IssueSchema(Schema):
    language = fields.String(load_default="ja", validate=validate.OneOf(list(LANGUAGES)))


class CertificateSchema(IssueSchema):
    id = fields.UUID()
    number = fields.Integer()
    issued_on = fields.Date()
    issued_at = fields.AwareDateTime()
    issued_by = fields.String()
    facts = fields.Dict(metadata={"description": "All that it states"})


@api.route("/card-settings")
class CardSettings(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, CardSettingsSchema)
    def get(self) -> CardSettingsRow:
        """What is printed on cards and certificates."""
        with reading() as uow:
            return card_settings(uow)

    @allow(*MEMBERS_CHANGE)
    @api.arguments(CardSettingsSchema)
    @api.response(200, CardSettingsSchema)
    def put(self, given: dict[str, Any]) -> CardSettingsRow:
        """Print something else from now on."""
        with unit() as uow:
            return change_card_settings(uow, **given)


@api.route("/members/<uuid:member>/card")
class MemberCard(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, CardSchema)
    def get(self, member: UUID) -> dict[str, Any]:
        """Has the card a code that is valid?"""
        with reading() as uow:
            return _card(uow, str(member))

    @allow(*MEMBERS_CHANGE)
    @api.response(201, CardSchema)
    def post(self, member: UUID) -> dict[str, Any]:
        """A new code; older ones are not valid any more. The answer holds what the QR holds."""
        settings = running_service().settings
        with unit() as uow:
            code = renew_code(uow, settings.secrets, str(member))
            return {**_card(uow, str(member)), "address": verification_address(settings.public_url, code)}

    @allow(*MEMBERS_CHANGE)
    @api.response(204)
    def delete(self, member: UUID) -> None:
        """No code is valid any more, until a new one is made."""
        with unit() as uow:
            revoke_code(uow, str(member))


@api.route("/members/<uuid:member>/certificates")
class Certificates(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, CertificateSchema(many=True))
    def get(self, member: UUID) -> Sequence[CertificateRow]:
        """All that were issued, newest first."""
        with reading() as uow:
            return certificates_of(uow, uow.get(MemberRow, str(member)).id)

    @allow(*MEMBERS_CHANGE)
    @api.arguments(IssueSchema)
    @api.response(201, CertificateSchema)
    def post(self, given: dict[str, Any], member: UUID) -> CertificateRow:
        """Issue one. What was issued today, and states the same, is that one."""
        with unit() as uow:
            return issue_certificate(uow, str(member), given["language"])


@api.route("/members/<uuid:member>/certificates/<uuid:id>.pdf")
class CertificatePdf(MethodView):
    @allow(*MEMBERS_SEE)
    @api.response(200, {"type": "string", "format": "binary"}, content_type="application/pdf")
    def get(self, member: UUID, id: UUID) -> Response:
        """As it was issued."""
        with reading() as uow:
            row = certificate_of(uow, str(member), str(id))
        return certificate_pdf(row)


def _card(uow: UnitOfWork, member: str) -> dict[str, Any]:
    try:
        valid_until = card_of(uow, member).valid_until
    except NoCardToday:
        valid_until = None
    codes = codes_of(uow, member)
    if not codes:
        return {"state": "none", "made_at": None, "made_by": "", "valid_until": valid_until}
    state = "revoked" if codes[0].ended_at else "valid"
    return {"state": state, "made_at": codes[0].made_at, "made_by": codes[0].made_by, "valid_until": valid_until}
