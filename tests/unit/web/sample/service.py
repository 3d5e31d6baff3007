"""The wiring of the sample: a page for each kind of access, a form and an API with one schema, a webhook, long work."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from flask_babel import gettext as _
from flask_smorest import Blueprint as ApiBlueprint
from marshmallow import Schema, fields, validate
from sqlalchemy.exc import OperationalError

from shared import jobs
from shared.db import KitBase
from shared.errors import InvalidInput, Kind, TsudoiError
from shared.identity import STAFF, Role
from shared.service import Service
from shared.web.access import allow, allow_anyone_logged_in, allow_public, principal, reading
from shared.web.csrf import signed_by_provider
from shared.web.forms import form_again, load_form
from shared.web.headers import allow_form_redirect


class FeeSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(min=1, max=20))
    amount = fields.Integer(required=True, validate=validate.Range(min=0, max=300_000))
    options = fields.List(fields.String())
    active = fields.Boolean(load_default=False)


class FeeAlreadyUsed(TsudoiError):
    kind = Kind.CONFLICT
    text = "The fee %(name)s is in use."


pages = Blueprint("sample", __name__, url_prefix="/sample")
api = ApiBlueprint("fees", __name__, url_prefix="/sample/api/fees", description="Fees")


@pages.get("/public")
@allow_public
def public() -> ResponseReturnValue:
    return render_template("sample/public.html")


@pages.get("/mine")
@allow_anyone_logged_in
def mine() -> ResponseReturnValue:
    return render_template("sample/mine.html")


@pages.get("/console/fees")
@allow(*STAFF)
def fees() -> ResponseReturnValue:
    return render_template("sample/form.html")


@pages.post("/console/fees")
@allow(Role.ACCOUNTING)
def add_fee() -> ResponseReturnValue:
    try:
        fee = load_form(FeeSchema)
    except InvalidInput as error:
        return form_again("sample/form.html", error)
    return fee


@pages.get("/forgotten")
def forgotten() -> ResponseReturnValue:
    return "secret"


@pages.get("/broken")
@allow_public
def broken() -> ResponseReturnValue:
    raise RuntimeError("a secret detail")


@pages.get("/down")
@allow_public
def down() -> ResponseReturnValue:
    raise OperationalError("SELECT 1", {}, Exception("connection refused"), connection_invalidated=True)


@pages.get("/pay")
@allow_public
def pay() -> ResponseReturnValue:
    allow_form_redirect("https://pay.example")
    return render_template("sample/public.html")


@pages.post("/hook")
@allow_public
@signed_by_provider
def hook() -> ResponseReturnValue:
    return {"heard": True}


@pages.post("/public")
@allow_public
def public_form() -> ResponseReturnValue:
    return {"fine": _("Saved.")}


@pages.get("/console/work/<id>")
@allow(Role.ACCOUNTING)
def work(id: str) -> ResponseReturnValue:
    with reading() as uow:
        return render_template("sample/work.html", job=jobs.look(uow, id))


@api.route("/")
class Fees(MethodView):
    @allow(*STAFF)
    @api.response(200, FeeSchema(many=True))
    def get(self) -> list[dict[str, object]]:
        """All fees."""
        with reading() as uow:
            return [{"name": uow.society.name, "amount": 1}]

    @allow(Role.ACCOUNTING)
    @api.arguments(FeeSchema)
    @api.response(201, FeeSchema)
    def post(self, fee: dict[str, object]) -> dict[str, object]:
        """Add a fee."""
        if fee["name"] == "used":
            raise FeeAlreadyUsed(name=fee["name"])
        return fee


@api.route("/whoami")
@allow_anyone_logged_in
@api.response(200)
def whoami() -> dict[str, str]:
    """Who is asking."""
    return {"account": principal().account_id}


SERVICE = Service(name="sample", package="tests.unit.web.sample", metadata=sa.MetaData(), pages=[pages], api=[api])

assert KitBase.metadata.tables  # the kit's tables are all that it needs
