"""My Page: pay an invoice. Choose a way, confirm, follow the instructions; the page sees by itself when it is paid."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from services.payments import attempts, requests
from services.payments.asking import submit, void
from services.payments.attempts import CHAINS, METHODS, STORE_LIMIT
from services.payments.errors import MethodNotOffered, ProviderRefused, ProviderSilent
from services.payments.instructions import ACCOUNT_TYPES, FAILURES, STEPS
from services.payments.models import AttemptRow, RequestRow
from services.payments.providers import provider_of, settings_of
from services.payments.roles import PAY
from shared.errors import NotFound, TsudoiError
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, running_service, unit
from shared.web.headers import allow_form_redirect
from shared.web.i18n import language
from shared.web.problems import translated

my_pay = Blueprint("my_pay", __name__, url_prefix="/payments/my/pay/<uuid:invoice_id>")


@my_pay.get("")
@allow(*PAY)
def show(invoice_id: Any) -> ResponseReturnValue:
    """What is due and how to pay it, or how far the payment is."""
    with reading() as uow:
        return render_template("payments/my_pay.html", **_state(uow, str(invoice_id)))


@my_pay.get("/state")
@allow(*PAY)
def poll(invoice_id: Any) -> ResponseReturnValue:
    """The same part of the page again, if it has changed since the reader's."""
    with reading() as uow:
        state = _state(uow, str(invoice_id))
    if request.args.get("seen") == state["seen"]:
        return "", 204
    return render_template("payments/my_pay_state.html", **state)


@my_pay.get("/confirm")
@allow(*PAY)
def confirm(invoice_id: Any) -> ResponseReturnValue:
    """What will happen, before it does."""
    method, chain = request.args.get("method", ""), request.args.get("chain") or None
    settings = settings_of(running_service())
    with reading() as uow:
        found = _request(uow, str(invoice_id))
        if attempts.live_attempt(uow, found.id) is not None or found.state != "open":
            return redirect(url_for(".show", invoice_id=invoice_id))
        choice = next(
            (c for c in attempts.choices(uow, found, principal().account_id, settings) if c.method == method), None
        )
        if choice is None or not choice.offered or (method == "konbini") != (chain in CHAINS):
            raise MethodNotOffered
        if method == "card":
            allow_form_redirect(settings.sandbox_origin)
        return render_template(
            "payments/my_pay_confirm.html",
            request_row=found,
            choice=choice,
            chain=chain,
            methods=METHODS,
            chains=CHAINS,
        )


@my_pay.post("")
@allow(*PAY)
def start(invoice_id: Any) -> ResponseReturnValue:
    """Begin: to the provider's card page, or to the instructions."""
    running, who = running_service(), principal()
    provider_of(running)
    back = url_for(".show", invoice_id=invoice_id)
    try:
        with unit() as uow:
            attempt = attempts.start_attempt(
                uow,
                str(invoice_id),
                payer_id=_person(),
                account_id=who.account_id,
                method=request.form.get("method", ""),
                chain=request.form.get("chain") or None,
                settings=settings_of(running),
                language=language(),
            )
        assert who.society_id is not None
        submit(running, who.society_id, attempt.id)
    except ProviderSilent:
        return redirect(back, 303)  # the janitor asks again; the page shows when it is ready
    except NotFound:
        raise
    except (ProviderRefused, TsudoiError) as error:
        flash(translated(error), "bad")
        return redirect(back, 303)
    with reading() as uow:
        attempt = uow.get(AttemptRow, attempt.id)
    return redirect(attempt.redirect_url if attempt.redirect_url and attempt.is_live else back, 303)


@my_pay.post("/change")
@allow(*PAY)
def change(invoice_id: Any) -> ResponseReturnValue:
    """Give up the way that was chosen, to choose another."""
    running, who = running_service(), principal()
    with unit() as uow:
        attempt = attempts.cancel_attempt(uow, str(invoice_id), payer_id=_person())
    assert who.society_id is not None
    void(running, who.society_id, attempt.id)
    flash(_("You can choose another way now. Please do not use the old number or account any more."), "info")
    return _to(".show", invoice_id)


def _to(endpoint: str, invoice_id: Any) -> Response:
    return redirect(url_for(endpoint, invoice_id=invoice_id), 303)


def _person() -> str:
    person_id = principal().person_id
    if person_id is None:
        raise NotFound
    return person_id


def _request(uow: UnitOfWork, invoice_id: str) -> RequestRow:
    return requests.request_for(uow, invoice_id, payer_id=_person())


def _state(uow: UnitOfWork, invoice_id: str) -> dict[str, Any]:
    """Everything that the page shows. `seen` changes when the page should."""
    settings = settings_of(running_service())
    found = _request(uow, invoice_id)
    last = attempts.last_attempt(uow, found.id)
    live = last if last is not None and last.is_live else None
    paid = found.state == "paid" or (last is not None and last.state == "paid" and found.due == 0)
    offered = bool(settings.sandbox_secrets) and found.state == "open" and live is None
    choices = attempts.choices(uow, found, principal().account_id, settings) if offered else []
    return {
        "request_row": found,
        "attempt": live,
        "last": last,
        "paid": paid,
        "choices": choices,
        "methods": METHODS,
        "chains": CHAINS,
        "steps": STEPS,
        "account_types": ACCOUNT_TYPES,
        "failures": FAILURES,
        "limit": STORE_LIMIT,
        "now": uow.now,
        "came_back": request.args.get("back") == "1" or request.args.get("from") == "sandbox",
        "seen": f"{found.state}:{found.due}:{last.id}:{last.state}:{last.provisional}"
        if last
        else f"{found.state}:{found.due}",
    }
