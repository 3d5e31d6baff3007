"""Addresses of postal codes 郵便番号検索, for integrators."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from services.members import throttle
from shared.errors import N_, Fault, InvalidInput
from shared.japan.addresses import addresses_of
from shared.japan.postcode import normalise_postcode
from shared.web.access import allow_anyone_logged_in, principal, unit

api = Blueprint("addresses_api", __name__, url_prefix="/members/api/addresses", description="Addresses of postal codes")


class PostcodeSchema(Schema):
    postcode = fields.String(
        required=True,
        validate=validate.Length(max=20),
        metadata={"description": "Seven digits of any width, with or without hyphen"},
    )


class AddressesSchema(Schema):
    postcode = fields.String()
    addresses = fields.List(fields.String(), metadata={"description": "Several where towns share the code, or none"})


@api.route("")
class Addresses(MethodView):
    @allow_anyone_logged_in
    @api.arguments(PostcodeSchema, location="query")
    @api.response(200, AddressesSchema)
    def get(self, query: dict[str, str]) -> dict[str, Any]:
        """Prefecture, city and town of a Japanese postal code, after Japan Post."""
        code = normalise_postcode(query["postcode"])
        if code is None:
            text = N_("Please enter a Japanese postal code of seven digits.")
            raise InvalidInput(faults=[Fault(text, field="postcode")])
        with unit() as uow:
            limits = throttle.address_limits(principal().account_id)
            throttle.check(uow, limits)
            throttle.count(uow, limits)
        return {"postcode": code, "addresses": addresses_of(code)}
