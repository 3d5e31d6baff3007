"""The provider's own card pages: number, confirm, 3-D Secure. A card number is looked at and forgotten."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from services.payments.sandbox import charges
from services.payments.sandbox.api import sandbox
from services.payments.sandbox.known_cards import CARDS, card_of

card_pages = Blueprint("card", __name__, url_prefix="/sandbox/card/<charge_id>")


@card_pages.errorhandler(charges.Refused)
def refuse(_error: charges.Refused) -> ResponseReturnValue:
    return render_template("sandbox/over.html"), 404


@card_pages.get("")
def show(charge_id: str) -> ResponseReturnValue:
    """The page that stands open at this charge: number, or what became of it."""
    with sandbox().store.session() as session:
        charge = charges.get(session, charge_id)
    if charge.state in charges.OVER:
        return render_template("sandbox/over.html", charge=charge, back=charge.return_url)
    if charge.state == "authorising":
        return render_template("sandbox/secure.html", charge=charge)
    return render_template("sandbox/card.html", charge=charge, cards=CARDS, fault=None)


@card_pages.post("")
def enter(charge_id: str) -> ResponseReturnValue:
    """The number was typed: keep what kind of card it is, and ask once more before anything happens."""
    card = card_of(request.form.get("number", ""))
    with sandbox().store.session() as session:
        charge = charges.get(session, charge_id)
        if charge.state != "waiting":
            return redirect(request.path, 303)
        if card is not None:
            charge.card, charge.card_tail = card.does, card.number[-4:]
    if card is None:
        fault = _("The sandbox knows only the cards in the list.")
        return render_template("sandbox/card.html", charge=charge, cards=CARDS, fault=fault), 422
    return render_template("sandbox/confirm.html", charge=charge, card=card)


@card_pages.post("/send")
def send(charge_id: str) -> ResponseReturnValue:
    """The payer sends it: from here on it counts."""
    with sandbox().store.session() as session:
        charge = charges.get(session, charge_id)
        if charge.state != "waiting" or charge.card is None:
            return redirect(f"/sandbox/card/{charge_id}", 303)
        if charge.card in ("not_enrolled", "declined"):
            charges.change(session, charge, "failed", state="failed", failure=charge.card)
        else:
            charges.change(session, charge, "authorising", state="authorising")
    sandbox().sender.wake()
    return redirect(_back(charge.return_url) if charge.state == "failed" else f"/sandbox/card/{charge_id}", 303)


@card_pages.post("/secure")
def answer_challenge(charge_id: str) -> ResponseReturnValue:
    """3-D Secure: passed or not."""
    with sandbox().store.session() as session:
        charge = charges.get(session, charge_id)
        if charge.state == "authorising":
            if request.form.get("answer") == "pass" and charge.card == "ok":
                charges.pay_charge(session, charge)
            else:
                charges.change(session, charge, "failed", state="failed", failure="authentication_failed")
    sandbox().sender.wake()
    return redirect(_back(charge.return_url), 303)


@card_pages.post("/leave")
def leave(charge_id: str) -> ResponseReturnValue:
    """Back to the shop without paying."""
    with sandbox().store.session() as session:
        charge = charges.get(session, charge_id)
        charges.cancel_charge(session, charge)
    sandbox().sender.wake()
    return redirect(_back(charge.return_url), 303)


def _back(url: str) -> str:
    return url + ("&" if "?" in url else "?") + urlencode({"from": "sandbox"})
