"""Cards and certificates in the console (M17+): of one member; all that were issued 発行台帳; what is printed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.cards import CardSettingsSchema, IssueSchema
from services.members.api.printing import certificate_pdf
from services.members.cards import card_settings, change_card_settings
from services.members.certificates import certificate_of, certificates_of, issue_certificate, issued_certificates
from services.members.codes import codes_of, renew_code, revoke_code
from services.members.models import CertificateRow, MemberRow
from services.members.roles import MEMBERS_CHANGE, MEMBERS_SEE
from services.members.standings.periods import standing_today
from services.members.standings.words import CURRENT
from shared.errors import TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, running_service, unit
from shared.web.forms import Faults, form_again, load_form
from shared.web.i18n import LANGUAGES
from shared.web.listing import list_rows

pages = Blueprint("member_papers", __name__, url_prefix="/members/console")
OF_MEMBER = "/members/<uuid:member>/papers"
ORDERS = {"number": CertificateRow.number, "kana": MemberRow.kana, "issued_on": CertificateRow.issued_on}


@pages.get("/papers")
@allow(*MEMBERS_SEE)
def show_all() -> ResponseReturnValue:
    with reading() as uow:
        row = card_settings(uow)
        values = {name: getattr(row, name) for name in CardSettingsSchema().fields}
        return render_template("members/papers.html", values=values, **_all(uow))


@pages.post("/papers")
@allow(*MEMBERS_CHANGE)
def change_settings() -> ResponseReturnValue:
    try:
        given = load_form(CardSettingsSchema)
        with unit() as uow:
            change_card_settings(uow, **given)
    except TsudoiError as error:
        with reading() as uow:
            return form_again("members/papers.html", error, **_all(uow))
    flash(_("The changes were saved."))
    return redirect(url_for("member_papers.show_all"), 303)


@pages.get(OF_MEMBER)
@allow(*MEMBERS_SEE)
def show_papers(member: UUID) -> ResponseReturnValue:
    with reading() as uow:
        return render_template("members/member_papers.html", **_of_member(uow, member))


@pages.post(f"{OF_MEMBER}/card")
@allow(*MEMBERS_CHANGE)
def renew(member: UUID) -> ResponseReturnValue:
    with unit() as uow:
        renew_code(uow, running_service().settings.secrets, str(member))
    flash(_("The card has a new code, which the member sees on My Page. Older ones are not valid any more."))
    return _back(member)


@pages.post(f"{OF_MEMBER}/card/revoke")
@allow(*MEMBERS_CHANGE)
def revoke(member: UUID) -> ResponseReturnValue:
    with unit() as uow:
        revoke_code(uow, str(member))
    flash(_("The code of the card is not valid any more."))
    return _back(member)


@pages.post(f"{OF_MEMBER}/certificates")
@allow(*MEMBERS_CHANGE)
def issue(member: UUID) -> ResponseReturnValue:
    try:
        given = load_form(IssueSchema)
        with unit() as uow:
            issue_certificate(uow, str(member), given["language"])
    except TsudoiError as error:
        with reading() as uow:
            page = render_template("members/member_papers.html", **_of_member(uow, member), faults=Faults(error))
            return page, error.kind.status
    flash(_("The certificate is issued. You find it in the list."))
    return _back(member)


@pages.get(f"{OF_MEMBER}/certificates/<uuid:id>.pdf")
@allow(*MEMBERS_SEE)
def print_one(member: UUID, id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        row = certificate_of(uow, str(member), str(id))
    return certificate_pdf(row)


def _back(member: UUID) -> ResponseReturnValue:
    return redirect(url_for("member_papers.show_papers", member=member), 303)


def _all(uow: UnitOfWork) -> dict[str, Any]:
    listed = list_rows(uow.session, issued_certificates(), ORDERS, sort="-number", unique=CertificateRow.id)
    return {"listed": listed, "languages_of": LANGUAGES, "may_change": principal().may(*MEMBERS_CHANGE)}


def _of_member(uow: UnitOfWork, member: UUID) -> dict[str, Any]:
    row = uow.get(MemberRow, str(member))
    codes = codes_of(uow, row.id)
    return {
        "member": row,
        "code": codes[0] if codes else None,
        "is_current": standing_today(uow, row) in CURRENT,
        "certificates": certificates_of(uow, row.id),
        "languages_of": LANGUAGES,
        "may_change": principal().may(*MEMBERS_CHANGE),
    }
