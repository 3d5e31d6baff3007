"""Other programs of the society 外部連携 in the console: registered, changed, stopped; their keys."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import fields

from services.members.access_tokens import last_used
from services.members.api.integrations import IntegrationFormSchema, KeyFormSchema, NewIntegrationSchema, with_roles
from services.members.integrations import (
    DAYS_OF_A_KEY,
    ROLES,
    SCOPES,
    SOON,
    add_integration,
    add_key,
    change_integration,
    list_integrations,
    living_keys,
    remove_key,
    stop_integration,
)
from services.members.models import IntegrationRow
from services.members.pages.words import scope_name
from services.members.roles import INTEGRATIONS_MANAGE
from shared.capabilities import role_name
from shared.errors import TsudoiError
from shared.ids import new_id
from shared.web.access import allow, reading, running_service, unit
from shared.web.forms import form_again, load_form
from shared.web.i18n import language


class NewPageSchema(NewIntegrationSchema):
    """Drawn with the form: whoever sends it twice registers one."""

    id = fields.UUID(required=True)


pages = Blueprint("integrations", __name__, url_prefix="/members/console/integrations")


@pages.get("")
@allow(*INTEGRATIONS_MANAGE)
def show_integrations() -> ResponseReturnValue:
    with reading() as uow:
        rows = list_integrations(uow)
        keys = living_keys(uow, [row.id for row in rows])
        of = {row.id: [key for key in keys if key.integration_id == row.id] for row in rows}
        return render_template(
            "members/integrations.html",
            integrations=rows,
            keys=of,
            used={row.id: last_used(of[row.id]) for row in rows},
            soon=uow.now + SOON,
            **_names(),
        )


@pages.get("/new")
@allow(*INTEGRATIONS_MANAGE)
def show_new() -> ResponseReturnValue:
    return render_template("members/integration_form.html", values={"id": new_id()}, **_choices())


@pages.post("/new")
@allow(*INTEGRATIONS_MANAGE)
def add() -> ResponseReturnValue:
    try:
        given = load_form(NewPageSchema)
        with unit() as uow:
            if uow.session.get(IntegrationRow, str(given["id"])):
                flash(_("This integration is registered already. If you have not kept its key, make a new one here."))
                return redirect(url_for("integrations.show", id=given["id"]), 303)
            row, secret = add_integration(uow, **{**with_roles(given), "id": str(given["id"])})
    except TsudoiError as error:
        return form_again("members/integration_form.html", error, **_choices())
    return _show_secret(row.id, row.name, secret)


@pages.get("/<uuid:id>")
@allow(*INTEGRATIONS_MANAGE)
def show(id: UUID) -> ResponseReturnValue:
    found = _one(id)
    row = found["integration"]
    return render_template(
        "members/integration.html", values={"name": row.name, "roles": row.roles, "scopes": row.scopes}, **found
    )


@pages.post("/<uuid:id>")
@allow(*INTEGRATIONS_MANAGE)
def change(id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(IntegrationFormSchema)
        with unit() as uow:
            change_integration(uow, str(id), **with_roles(given))
    except TsudoiError as error:
        return form_again("members/integration.html", error, **_one(id))
    flash(_("The changes were saved."))
    return redirect(url_for("integrations.show", id=id), 303)


@pages.post("/<uuid:id>/stop")
@allow(*INTEGRATIONS_MANAGE)
def stop(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        stop_integration(uow, str(id))
    flash(_("The integration is stopped."))
    return redirect(url_for("integrations.show_integrations"), 303)


@pages.post("/<uuid:id>/keys")
@allow(*INTEGRATIONS_MANAGE)
def make_key(id: UUID) -> ResponseReturnValue:
    try:
        days = load_form(KeyFormSchema)["days"]
        with unit() as uow:
            secret = add_key(uow, str(id), days=days)
            name = uow.get(IntegrationRow, str(id)).name
    except TsudoiError as error:
        return form_again("members/integration.html", error, **_one(id))
    return _show_secret(str(id), name, secret)


@pages.post("/<uuid:id>/keys/<uuid:key_id>/remove")
@allow(*INTEGRATIONS_MANAGE)
def take_key(id: UUID, key_id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        remove_key(uow, str(id), str(key_id))
    flash(_("The key is removed. Whoever still uses it is refused from now on."))
    return redirect(url_for("integrations.show", id=id), 303)


def _show_secret(id: str, name: str, secret: str) -> ResponseReturnValue:
    """The one time that it can be seen; reloading the page does not make another."""
    address = f"{running_service().settings.public_url}/members/api/token"
    return render_template("members/integration_key.html", id=id, name=name, secret=secret, address=address)


def _one(id: UUID) -> dict[str, Any]:
    with reading() as uow:
        row = uow.get(IntegrationRow, str(id))
        return {
            "integration": row,
            "living": living_keys(uow, [row.id]),
            "soon": uow.now + SOON,
            **_choices(),
        }


def _choices() -> dict[str, Any]:
    return {
        "role_choices": [(role.value, role_name(role, language())) for role in ROLES],
        "scope_choices": [(scope, scope_name(scope)) for scope in SCOPES],
        "day_choices": [(str(days), _("%(days)s days", days=days)) for days in reversed(DAYS_OF_A_KEY)],
        **_names(),
    }


def _names() -> dict[str, Any]:
    return {"role_names": {role.value: role_name(role, language()) for role in ROLES}, "scope_name": scope_name}
