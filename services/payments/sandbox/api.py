"""The sandbox's API for merchants: create, look at, cancel and list charges. JSON, bearer secret."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from services.payments.sandbox import charges
from services.payments.sandbox.sandbox import Sandbox

api = Blueprint("api", __name__, url_prefix="/sandbox/api")


def sandbox() -> Sandbox:
    found: Sandbox = current_app.extensions["sandbox"]
    return found


@api.before_request
def check_secret() -> ResponseReturnValue | None:
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    matches = [hmac.compare_digest(given, secret.encode()) for secret in sandbox().secrets]
    if any(matches):
        return None
    return jsonify(error="wrong secret"), 401


@api.errorhandler(charges.Refused)
def refuse(error: charges.Refused) -> ResponseReturnValue:
    return jsonify(error=str(error)), 404 if str(error) == "no such charge" else 422


@api.post("/charges")
def create() -> ResponseReturnValue:
    asked: Any = request.get_json(silent=True)
    if not isinstance(asked, dict):
        raise charges.Refused("an object is needed")
    with sandbox().store.session() as session:
        return jsonify(charges.public(charges.create_charge(session, asked, sandbox().address())))


@api.get("/charges/<charge_id>")
def show(charge_id: str) -> ResponseReturnValue:
    with sandbox().store.session() as session:
        return jsonify(charges.public(charges.get(session, charge_id)))


@api.post("/charges/<charge_id>/cancel")
def cancel(charge_id: str) -> ResponseReturnValue:
    with sandbox().store.session() as session:
        charge = charges.get(session, charge_id)
        charges.cancel_charge(session, charge)
        answer = jsonify(charges.public(charge))
    sandbox().sender.wake()
    return answer


@api.get("/charges")
def list_since() -> ResponseReturnValue:
    """All charges of a merchant that changed since a moment: what a merchant checks its books against."""
    try:
        since = datetime.fromisoformat(request.args.get("since", "2000-01-01T00:00:00+00:00"))
        if since.tzinfo is None:
            raise ValueError(since)
    except ValueError:
        raise charges.Refused("since: a moment with its zone") from None
    with sandbox().store.session() as session:
        found = charges.charges_since(session, request.args.get("merchant", ""), since)
        return jsonify(charges=[charges.public(charge) for charge in found])
