"""Console: record money that came in outside the system (P15)."""

from __future__ import annotations

import unicodedata
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _
from marshmallow import Schema, fields, validate

from services.payments import finding, offline, requests
from services.payments.models import RequestRow
from services.payments.offline import OFFLINE_METHODS, Part
from services.payments.roles import PAYMENTS_CHANGE
from shared.errors import N_, Fault, InvalidInput, TsudoiError
from shared.ids import new_id
from shared.people import PersonRow
from shared.uow import UnitOfWork
from shared.web.access import allow, reading, unit
from shared.web.forms import form_again, load_form

console_offline = Blueprint("console_offline", __name__, url_prefix="/payments/console/payments/new")

AMOUNT_PREFIX = "amount-"  # then the invoice's id, or nothing for the payer's credit


class OfflineForm(Schema):
    """Everything but the amounts, whose names depend on the payer."""

    payer_id = fields.UUID(required=True)
    method = fields.String(required=True, validate=validate.OneOf(list(OFFLINE_METHODS)))
    received_on = fields.Date(required=True)
    number = fields.String(load_default=None, validate=validate.Length(max=100))
    memo = fields.String(load_default="", validate=validate.Length(max=1000))
    entry_key = fields.UUID(required=True)


@console_offline.get("")
@allow(*PAYMENTS_CHANGE)
def new() -> ResponseReturnValue:
    """Whose money is it? Then: how much for which invoice. `?invoice=` or `?payer=` go straight to the second step."""
    with reading() as uow:
        payer_id = request.args.get("payer")
        if invoice_id := request.args.get("invoice"):
            payer_id = requests.request_for(uow, _id(invoice_id)).payer_id
        if payer_id:
            return render_template("payments/offline.html", **_second_step(uow, _id(payer_id), invoice_id))
        text = request.args.get("q", "")
        people = finding.find_payers(uow, text)
        return render_template(
            "payments/offline_find.html",
            text=text,
            people=people,
            requests=finding.requests_by_payer(uow, [person.id for person in people]),
        )


@console_offline.post("")
@allow(*PAYMENTS_CHANGE)
def record() -> ResponseReturnValue:
    try:
        given = load_form(OfflineForm)
        parts = _parts(str(given["payer_id"]))
        with unit() as uow:
            made = offline.record_offline(
                uow,
                method=given["method"],
                received_on=given["received_on"],
                parts=parts,
                memo=given["memo"],
                number=given["number"],
                entry_key=str(given["entry_key"]),
            )
    except TsudoiError as error:
        with reading() as uow:
            step = _second_step(uow, _id(request.form.get("payer_id", "")), None)
            return form_again("payments/offline.html", error, **{k: v for k, v in step.items() if k != "values"})
    flash(_("The payment was recorded."))
    if len(made) == 1:
        return redirect(url_for("console_payments.show_payment", payment_id=made[0].id), 303)
    return redirect(url_for("console_payments.list_payments"), 303)


def _second_step(uow: UnitOfWork, payer_id: str, invoice_id: str | None) -> dict[str, Any]:
    person = uow.session.get(PersonRow, payer_id)
    open_requests: list[RequestRow] = list(requests.open_requests_of(uow, payer_id))
    if person is None and not open_requests:
        uow.get(PersonRow, payer_id)
    chosen = {f"{AMOUNT_PREFIX}{r.invoice_id}": r.due for r in open_requests if r.invoice_id == invoice_id}
    return {
        "person": person,
        "payer_id": payer_id,
        "requests": open_requests,
        "method_choices": [(code, gettext(text)) for code, text in OFFLINE_METHODS.items()],
        "today": uow.today,
        "values": {"received_on": uow.today.isoformat(), "method": "bank_transfer", "entry_key": new_id(), **chosen},
        "prefix": AMOUNT_PREFIX,
    }


def _parts(payer_id: str) -> list[Part]:
    parts, faults = [], []
    for name, text in request.form.items():
        cleaned = unicodedata.normalize("NFKC", text).strip().replace(",", "").lstrip("¥").rstrip("円")
        if not name.startswith(AMOUNT_PREFIX) or cleaned in ("", "0"):
            continue
        if not (cleaned.isascii() and cleaned.isdigit() and len(cleaned) <= 12):
            faults.append(Fault(N_("Please enter a whole number."), field=name))
            continue
        invoice_id = name.removeprefix(AMOUNT_PREFIX)
        parts.append(Part(int(cleaned), _id(invoice_id) if invoice_id else None, payer_id))
    if faults:
        raise InvalidInput(faults=faults)
    return parts


def _id(text: str) -> str:
    try:
        return str(fields.UUID().deserialize(text))
    except ValueError as error:
        raise InvalidInput from error
