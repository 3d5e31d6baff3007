"""Safety of one's own login: password, the second step 二段階認証, and where one is logged in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pyotp
from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup
from marshmallow import Schema, fields, validate
from ua_parser import parse

from services.members.login_policy import factor_of, must_set_up
from services.members.logins import check_own_password
from services.members.models import AccountRow, LoginSessionRow, MemberRow
from services.members.pages.cookies import give_token
from services.members.pages.login import CodeSchema
from services.members.qr import qr
from services.members.second_factor import (
    begin_set_up,
    begun_set_up,
    confirm_set_up,
    make_spare_codes,
    remove_factor,
    spare_codes_left,
)
from services.members.sessions import end_all_sessions, end_own_session, living_sessions, principal_of
from shared.errors import TsudoiError
from shared.web.access import allow_anyone_logged_in, principal, reading, running_service, society, unit
from shared.web.forms import form_again, load_form

pages = Blueprint("security", __name__, url_prefix="/members/my/security")


class PasswordSchema(Schema):
    password = fields.String(required=True, validate=validate.Length(max=1000))


@pages.get("")
@allow_anyone_logged_in
def show_security() -> ResponseReturnValue:
    return render_template("members/security.html", **_context())


@pages.get("/second-step")
@allow_anyone_logged_in
def show_set_up() -> ResponseReturnValue:
    """The key is shown once, after the password; whoever reloads begins anew."""
    return redirect(url_for("security.show_security"))


@pages.post("/second-step")
@allow_anyone_logged_in
def begin() -> ResponseReturnValue:
    try:
        _check_password()
        with unit() as uow:
            begin_set_up(uow, principal().account_id, running_service().settings.secrets)
    except TsudoiError as error:
        return form_again("members/security.html", error, **_context())
    return render_template("members/second_step.html", **_set_up())


@pages.post("/second-step/confirm")
@allow_anyone_logged_in
def confirm() -> ResponseReturnValue:
    who = principal()
    with reading() as uow:
        if factor_of(uow, who.account_id):  # clicked twice: the codes went to an answer that nobody saw
            flash(_("Two-step login is on. If you have not kept the spare codes, please make new ones."))
            return redirect(url_for("security.show_security"), 303)
    try:
        code = load_form(CodeSchema)["code"]
        with unit() as uow:
            codes = confirm_set_up(uow, who.account_id, code, running_service().settings.secrets)
            end_all_sessions(uow, [who.account_id], but=who.session_id)
            now_is = principal_of(uow, uow.get(AccountRow, who.account_id), who.session_id)
    except TsudoiError as error:
        return form_again("members/second_step.html", error, **_set_up())
    return give_token(make_response(_show_codes(codes)), now_is)  # whoever had to set it up may now do their work


@pages.post("/spare-codes")
@allow_anyone_logged_in
def renew_spare_codes() -> ResponseReturnValue:
    try:
        _check_password()
        with unit() as uow:
            codes = make_spare_codes(uow, principal().account_id)
    except TsudoiError as error:
        return form_again("members/security.html", error, **_context())
    return _show_codes(codes)


@pages.post("/second-step/remove")
@allow_anyone_logged_in
def remove() -> ResponseReturnValue:
    who = principal()
    try:
        _check_password()
        with unit() as uow:
            remove_factor(uow, who.account_id, but=who.session_id)
    except TsudoiError as error:
        return form_again("members/security.html", error, **_context())
    flash(_("Two-step login is off. All other devices are logged out."))
    return redirect(url_for("security.show_security"), 303)


@pages.post("/sessions/<uuid:id>/end")
@allow_anyone_logged_in
def end(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        end_own_session(uow, principal().account_id, str(id))
    flash(_("That device is logged out."))
    return redirect(url_for("security.show_security"), 303)


@pages.post("/sessions/end-others")
@allow_anyone_logged_in
def end_others() -> ResponseReturnValue:
    who = principal()
    with unit() as uow:
        end_all_sessions(uow, [who.account_id], but=who.session_id)
    flash(_("All other devices are logged out."))
    return redirect(url_for("security.show_security"), 303)


def device(row: LoginSessionRow) -> str:
    """What a browser says of itself, as far as anybody would know it."""
    found = parse(row.user_agent)
    names = [part.family for part in (found.user_agent, found.os) if part]
    return " · ".join(names) or _("Unknown device")


def _check_password() -> None:
    given = load_form(PasswordSchema)
    check_own_password(running_service(), principal(), given["password"], field="password")


def _show_codes(codes: Sequence[str]) -> str:
    return render_template("members/spare_codes.html", codes=codes)


def _context() -> dict[str, object]:
    who = principal()
    with reading() as uow:
        return {
            "factor": factor_of(uow, who.account_id),
            "codes_left": spare_codes_left(uow, who.account_id),
            "must_set_up": must_set_up(uow, uow.get(AccountRow, who.account_id)),
            "sessions": living_sessions(uow, who.account_id),
            "here": who.session_id,
            "device": device,
        }


def _set_up() -> dict[str, object]:
    who, here = principal(), society()
    with reading() as uow:
        secret = begun_set_up(uow, who.account_id, running_service().settings.secrets)
        email = uow.get(MemberRow, uow.get(AccountRow, who.account_id).person_id).email or ""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=here.name if here else "Tsudoi")
    key = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"key": key, "address": address, "picture": Markup(qr(address))}
