"""Staff accounts: who works in the office 事務局, with which roles."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.members import second_factor
from services.members.accounts import change_roles, invite_staff, list_staff
from services.members.login_policy import accounts_with_factor, factor_of, staff_need_factor
from services.members.models import AccountRow, MemberRow
from services.members.person_input import read_person
from services.members.roles import STAFF_CHANGE
from shared.capabilities import OFFICE, role_name
from shared.errors import N_, Fault, Forbidden, InvalidInput, TsudoiError
from shared.identity import Role
from shared.web.access import allow, principal, reading, running_service, unit
from shared.web.forms import form_again, load_form
from shared.web.i18n import LANGUAGES, language

pages = Blueprint("staff", __name__, url_prefix="/members/console/staff")


class RolesSchema(Schema):
    roles = fields.List(fields.String(validate=validate.OneOf([role.value for role in OFFICE])), load_default=list)


class InviteSchema(RolesSchema):
    name = fields.String(required=True, validate=validate.Length(max=200))
    email = fields.String(required=True, validate=validate.Length(max=320))
    language = fields.String(load_default="ja", validate=validate.OneOf(list(LANGUAGES)))


class PolicySchema(Schema):
    need = fields.Boolean(required=True)


@pages.get("")
@allow(*STAFF_CHANGE)
def show_staff() -> ResponseReturnValue:
    return render_template("members/staff.html", **_context())


@pages.post("")
@allow(*STAFF_CHANGE)
def invite() -> ResponseReturnValue:
    try:
        given = load_form(InviteSchema)
        person = read_person({"name": given["name"], "email": given["email"]})
        with unit() as uow:
            invite_staff(
                uow,
                email=person["email"] or "",
                name=person["name"],
                roles=[Role(role) for role in given["roles"]],
                language=given["language"],
                public_url=running_service().settings.public_url,
            )
    except TsudoiError as error:
        return form_again("members/staff.html", error, **_context())
    flash(_("%(name)s was invited.", name=person["name"]))
    return redirect(url_for("staff.show_staff"), 303)


@pages.get("/<uuid:id>")
@allow(*STAFF_CHANGE)
def show_account(id: UUID) -> ResponseReturnValue:
    return render_template("members/staff_form.html", **_account(id))


@pages.post("/<uuid:id>")
@allow(*STAFF_CHANGE)
def change(id: UUID) -> ResponseReturnValue:
    try:
        given = load_form(RolesSchema)
        if str(id) == principal().account_id and Role.ADMINISTRATOR not in given["roles"]:
            raise InvalidInput(
                faults=[Fault(N_("You cannot take the administrator's role from yourself."), field="roles")]
            )
        with unit() as uow:
            change_roles(uow, str(id), [Role(role) for role in given["roles"]])
    except TsudoiError as error:
        return form_again("members/staff_form.html", error, **_account(id))
    flash(_("The changes were saved."))
    return redirect(url_for("staff.show_staff"), 303)


@pages.post("/<uuid:id>/second-step/remove")
@allow(*STAFF_CHANGE)
def remove_factor(id: UUID) -> ResponseReturnValue:
    """For whoever has lost phone and spare codes. Of one's own it asks for the password, on the page of one's login;
    operators belong to no society's administrators."""
    with unit() as uow:
        account = uow.get(AccountRow, str(id), lock=True)
        if account.id == principal().account_id or Role.OPERATOR in account.roles:
            raise Forbidden
        second_factor.remove_factor(uow, account.id)
    flash(_("Two-step login is switched off."))
    return redirect(url_for("staff.show_account", id=id), 303)


@pages.post("/login-policy")
@allow(*STAFF_CHANGE)
def change_policy() -> ResponseReturnValue:
    try:
        need = load_form(PolicySchema)["need"]
        with unit() as uow:
            second_factor.set_policy(uow, staff_need_second_factor=need, by=principal().actor)
    except TsudoiError as error:
        return form_again("members/staff.html", error, **_context())
    flash(_("The changes were saved."))
    return redirect(url_for("staff.show_staff"), 303)


def _context() -> dict[str, object]:
    with reading() as uow:
        staff = list_staff(uow)
        return {
            "staff": staff,
            "role_names": dict(_role_choices()),
            "role_choices": _role_choices(),
            "must_have": staff_need_factor(uow),
            "with_factor": accounts_with_factor(uow, [account.id for account, _ in staff]),
        }


def _account(id: UUID) -> dict[str, object]:
    with reading() as uow:
        account = uow.get(AccountRow, str(id))
        return {
            "account": account,
            "person": uow.get(MemberRow, account.person_id),
            "has_factor": account.id != principal().account_id and factor_of(uow, account.id) is not None,
            "role_choices": _role_choices(),
            "values": {"roles": account.roles},
        }


def _role_choices() -> list[tuple[str, str]]:
    return [(role.value, role_name(role, language())) for role in OFFICE]
