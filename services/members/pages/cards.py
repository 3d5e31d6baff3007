"""Card 会員証 and certificates 会員証明書 on My Page (M17+)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.members.api.cards import IssueSchema
from services.members.api.printing import certificate_pdf, qr_address
from services.members.cards import card_of
from services.members.certificates import certificate_of, certificates_of, issue_own_certificate
from services.members.codes import renew_code, revoke_code
from services.members.errors.papers import NoCardToday
from services.members.papers import card_words, print_card
from services.members.roles import OWN_MEMBERSHIP
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, running_service, unit
from shared.web.forms import load_form
from shared.web.i18n import LANGUAGES, language
from shared.web.pdf import answer_pdf, paper_language

pages = Blueprint("cards", __name__, url_prefix="/members/my")


@pages.get("/card")
@allow(*OWN_MEMBERSHIP)
def show_card() -> ResponseReturnValue:
    address = qr_address(_me())
    with reading() as uow:
        return render_template(
            "members/my_card.html",
            card=_card(uow, address),
            certificates=certificates_of(uow, _me()),
            languages_of=LANGUAGES,
        )


@pages.get("/card.pdf")
@allow(*OWN_MEMBERSHIP)
def print_my_card() -> ResponseReturnValue:
    address = qr_address(_me())
    with reading() as uow:
        pdf = print_card(card_of(uow, _me()), uow.society, paper_language(), address=address)
    return answer_pdf(pdf, "card")


@pages.post("/card/renew")
@allow(*OWN_MEMBERSHIP)
def renew() -> ResponseReturnValue:
    with unit() as uow:
        renew_code(uow, running_service().settings.secrets, _me())
    flash(_("Your card has a new code. Older ones are not valid any more."))
    return redirect(url_for("cards.show_card"), 303)


@pages.post("/card/revoke")
@allow(*OWN_MEMBERSHIP)
def revoke() -> ResponseReturnValue:
    with unit() as uow:
        revoke_code(uow, _me())
    flash(_("The code of your card is not valid any more."))
    return redirect(url_for("cards.show_card"), 303)


@pages.post("/certificates")
@allow(*OWN_MEMBERSHIP)
def issue() -> ResponseReturnValue:
    given = load_form(IssueSchema)
    with unit() as uow:
        issue_own_certificate(uow, _me(), given["language"])
    flash(_("The certificate is issued. You find it in the list."))
    return redirect(url_for("cards.show_card", _anchor="certificates"), 303)


@pages.get("/certificates/<uuid:id>.pdf")
@allow(*OWN_MEMBERSHIP)
def print_my_certificate(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        row = certificate_of(uow, _me(), str(id))
    return certificate_pdf(row)


def _me() -> str:
    return str(principal().person_id)


def _card(uow: UnitOfWork, address: str | None) -> dict[str, Any] | None:
    """What the page shows of it; None for whoever is no member today."""
    try:
        card = card_of(uow, _me())
    except NoCardToday:
        return None
    return card_words(card, uow.society, language(), address=address)
