"""What the QR of a card or certificate leads to, for everybody (M17+): is this person a member today, did we issue this
certificate? Nothing else is told, and nothing is told to whoever tries codes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from services.members import throttle
from services.members.cards import card_of
from services.members.codes import find_code
from services.members.errors.links import LinkUnusable
from services.members.errors.papers import CodeNotValid, NoCardToday
from services.members.models import CertificateRow
from services.members.pages.whereabouts import society_here
from services.members.papers import certificate_number, period_words
from services.members.tokens import society_of_token
from shared.clock import TOKYO, now
from shared.japan.papers import day_on_paper
from shared.uow import UnitOfWork
from shared.web.access import allow_public, public_unit, running_service
from shared.web.i18n import language
from shared.web.place import place
from shared.web.problems import translated

pages = Blueprint("verify", __name__, url_prefix="/members/verify")


@pages.get("")
@allow_public
def verify() -> Response:
    try:
        found, status = _look(request.args.get("code", "")), 200
    except CodeNotValid as error:
        society_here()
        found, status = {"sentence": translated(error)}, error.kind.status
    page = render_template("members/verify.html", checked_moment=_japan_time(now()), **found)
    answer = make_response(page, status)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["Cache-Control"] = "no-store, private"
    return answer


def _look(token: str) -> dict[str, Any]:
    """Raises CodeNotValid, TooManyRequests."""
    try:
        society = society_of_token(token)
    except LinkUnusable as error:
        raise CodeNotValid from error
    limits = throttle.verification_limits(place())
    try:
        with public_unit(society, reading=True) as uow:
            throttle.check(uow, limits)
            code = find_code(uow, token)
            found = _certificate(uow, code.certificate_id) if code.certificate_id else _card(uow, code.person_id)
            issuer = uow.society  # whoever reads this may be logged in to another one
            return {"issuer": (language() == "en" and issuer.name_en) or issuer.name, **found}
    except CodeNotValid:
        if society in running_service().societies():
            with public_unit(society) as uow:
                throttle.count(uow, limits)
        raise


def _card(uow: UnitOfWork, person_id: str) -> dict[str, Any]:
    try:
        return {"card": card_of(uow, person_id)}
    except NoCardToday:
        return {"card": None}


def _certificate(uow: UnitOfWork, id: str) -> dict[str, Any]:
    row = uow.get(CertificateRow, id)
    return {
        "certificate": row,
        "number": certificate_number(row.number, language()),
        "periods": period_words(row.facts, language()),
    }


def _japan_time(moment: datetime) -> str:
    """To the minute, wherever the reader or the society is."""
    there = moment.astimezone(TOKYO)
    return f"{day_on_paper(there.date(), language())} {there:%H:%M}"
