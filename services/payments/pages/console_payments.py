"""Console: payments, their details, reversal, and what staff must look at."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import gettext as _

from services.payments import deposits, ledger, notices, payments
from services.payments.attempts import METHODS
from services.payments.errors import MemoNeeded
from services.payments.models import PaymentRow
from services.payments.offline import OFFLINE_METHODS
from services.payments.pages.names import names_of, requests_of
from services.payments.payments import PaymentSearch
from services.payments.roles import PAYMENTS_CHANGE, PAYMENTS_SEE
from shared.web.access import allow, reading, unit
from shared.web.forms import form_again
from shared.web.listing import list_rows

console_payments = Blueprint("console_payments", __name__, url_prefix="/payments/console")

ALL_METHODS = {**OFFLINE_METHODS, **METHODS}


@console_payments.get("/payments")
@allow(*PAYMENTS_SEE)
def list_payments() -> ResponseReturnValue:
    """All payments, with search, and above them what waits for somebody."""
    search = _search()
    with reading() as uow:
        columns = {"received_on": PaymentRow.received_on, "amount": PaymentRow.amount, "method": PaymentRow.method}
        listed = list_rows(uow.session, payments.matching(search), columns, sort="-received_on", unique=PaymentRow.id)
        return render_template(
            "payments/payments.html",
            listed=listed,
            names=names_of(uow, (row.payer_id for row in listed.rows)),
            invoices=requests_of(uow, (row.invoice_id for row in listed.rows)),
            sums=payments.sum_payments(uow, search),
            methods=ALL_METHODS,
            methods_list=[(code, gettext(text)) for code, text in ALL_METHODS.items()],
            unidentified=deposits.count_unidentified(uow),
            quarantined=notices.quarantined_notices(uow),
        )


@console_payments.get("/payments/<uuid:payment_id>")
@allow(*PAYMENTS_SEE)
def show_payment(payment_id: Any) -> ResponseReturnValue:
    """One payment with everything that was booked for it."""
    return render_template("payments/payment.html", **_details(str(payment_id)))


@console_payments.post("/payments/<uuid:payment_id>/reversal")
@allow(*PAYMENTS_CHANGE)
def reverse(payment_id: Any) -> ResponseReturnValue:
    """入金履歴削除: a reversal in the books, with the reason."""
    try:
        with unit() as uow:
            payments.reverse_payment(uow, str(payment_id), request.form.get("memo", ""))
    except MemoNeeded as error:
        return form_again("payments/payment.html", error, **_details(str(payment_id)))
    flash(_("The payment was reversed. The invoice is open again."))
    return redirect(url_for(".show_payment", payment_id=payment_id), 303)


@console_payments.get("/notices")
@allow(*PAYMENTS_SEE)
def list_notices() -> ResponseReturnValue:
    """Notices of the provider that contradict our books."""
    with reading() as uow:
        return render_template("payments/notices.html", notices=notices.quarantined_notices(uow))


@console_payments.post("/notices/<uuid:notice_id>/release")
@allow(*PAYMENTS_CHANGE)
def release_notice(notice_id: Any) -> ResponseReturnValue:
    with unit() as uow:
        notices.release_notice(uow, str(notice_id))
    flash(_("The notice was marked as cleared up."))
    return redirect(url_for(".list_notices"), 303)


@console_payments.get("/ledger")
@allow(*PAYMENTS_SEE)
def show_ledger() -> ResponseReturnValue:
    """Trial balance 試算表, and the journal 仕訳帳 of a day or a span of days."""
    with reading() as uow:
        first = _day("since") or uow.today
        last = max(first, _day("until") or first)
        balances = ledger.trial_balance(uow)
        entries = ledger.journal(uow, first, last)
        return render_template(
            "payments/ledger.html",
            balances=balances,
            total=sum(balance.balance for balance in balances),
            entries=entries,
            more=len(entries) == ledger.PAGE,
            first=first,
            last=last,
            accounts=ledger.ACCOUNTS,
            kinds=ledger.KINDS,
        )


def _details(payment_id: str) -> dict[str, Any]:
    with reading() as uow:
        payment = uow.get(PaymentRow, payment_id)
        return {
            "payment": payment,
            "names": names_of(uow, [payment.payer_id]),
            "invoices": requests_of(uow, [payment.invoice_id]),
            "entries": ledger.entries_of(uow, payment.id),
            "methods": ALL_METHODS,
            "accounts": ledger.ACCOUNTS,
            "kinds": ledger.KINDS,
        }


def _search() -> PaymentSearch:
    return PaymentSearch(
        text=request.args.get("q", ""),
        method=request.args.get("method", ""),
        state=request.args.get("state", ""),
        since=_day("since"),
        until=_day("until"),
    )


def _day(name: str) -> date | None:
    """A date in the address; nonsense counts as not said."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
