"""Console: bank files and the unidentified queue 不明入金."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from services.payments import bank_files, deposits, finding
from services.payments.models import BankFileRow, DepositRow
from services.payments.pages.badges import DEPOSITS, FILES
from services.payments.pages.names import names_of, requests_of
from services.payments.roles import PAYMENTS_CHANGE, PAYMENTS_SEE
from shared.errors import N_, Fault, InvalidInput
from shared.web.access import allow, reading, unit
from shared.web.forms import form_again
from shared.web.listing import list_rows
from shared.web.problems import translated

console_deposits = Blueprint("console_deposits", __name__, url_prefix="/payments/console")

SHOWN = 500  # lines of a file on its page

REASONS = {
    "account": N_("this account number was theirs"),
    "number": N_("member number in the depositor's name"),
    "name": N_("same name"),
    "amount": N_("same amount is open"),
}


@console_deposits.get("/deposits")
@allow(*PAYMENTS_SEE)
def list_deposits() -> ResponseReturnValue:
    """The queue first; other states by filter."""
    state = request.args.get("state", "unidentified")
    with reading() as uow:
        statement = sa.select(DepositRow)
        if state in DEPOSITS:
            statement = statement.where(DepositRow.state == state)
        columns = {"booked_on": DepositRow.booked_on, "amount": DepositRow.amount, "payer_name": DepositRow.payer_name}
        listed = list_rows(uow.session, statement, columns, sort="booked_on", unique=DepositRow.id)
        hints = {
            row.id: deposits.suggestions(uow, row, limit=1) for row in listed.rows[:20] if row.state == "unidentified"
        }
        return render_template(
            "payments/deposits.html", listed=listed, hints=hints, reasons=REASONS, states=DEPOSITS, state=state
        )


@console_deposits.get("/deposits/<uuid:deposit_id>")
@allow(*PAYMENTS_SEE)
def show_deposit(deposit_id: Any) -> ResponseReturnValue:
    """One deposit: whose it may be, and the search for somebody else."""
    text = request.args.get("q", "")
    with reading() as uow:
        deposit = uow.get(DepositRow, str(deposit_id))
        waits = deposit.state == "unidentified" and not deposit.reversal
        people = finding.find_payers(uow, text)
        return render_template(
            "payments/deposit.html",
            deposit=deposit,
            file=uow.get(BankFileRow, deposit.bank_file_id),
            payments=deposits.payments_of(uow, deposit.id),
            suggestions=deposits.suggestions(uow, deposit) if waits else [],
            reasons=REASONS,
            states=DEPOSITS,
            text=text,
            people=people,
            requests=finding.requests_by_payer(uow, [person.id for person in people]),
            waits=waits,
        )


@console_deposits.post("/deposits/<uuid:deposit_id>/assignment")
@allow(*PAYMENTS_CHANGE)
def assign(deposit_id: Any) -> ResponseReturnValue:
    with unit() as uow:
        payment = deposits.assign_deposit(
            uow,
            str(deposit_id),
            invoice_id=request.form.get("invoice_id") or None,
            payer_id=request.form.get("payer_id") or None,
        )
    flash(_("The deposit was assigned."))
    return redirect(url_for("console_payments.show_payment", payment_id=payment.id), 303)


@console_deposits.get("/bank-files")
@allow(*PAYMENTS_SEE)
def list_files() -> ResponseReturnValue:
    with reading() as uow:
        columns = {"uploaded_at": BankFileRow.uploaded_at, "name": BankFileRow.name}
        listed = list_rows(uow.session, sa.select(BankFileRow), columns, sort="-uploaded_at", unique=BankFileRow.id)
        return render_template("payments/bank_files.html", listed=listed, states=FILES)


@console_deposits.post("/bank-files")
@allow(*PAYMENTS_CHANGE)
def upload() -> ResponseReturnValue:
    """Read the file and show what is in it; nothing is booked yet."""
    given = request.files.get("file")
    try:
        if given is None or not given.filename:
            raise InvalidInput(faults=[Fault(N_("Please choose a file."), field="file")])
        content = given.stream.read(bank_files.MEGABYTES * 1024 * 1024 + 1)
        with unit() as uow:
            file = bank_files.preview_file(uow, given.filename, content)
    except InvalidInput as error:
        with reading() as uow:
            columns = {"uploaded_at": BankFileRow.uploaded_at}
            listed = list_rows(uow.session, sa.select(BankFileRow), columns, sort="-uploaded_at", unique=BankFileRow.id)
            wrong = [(fault.row, translated(fault)) for fault in error.faults if fault.row]
            return form_again("payments/bank_files.html", error, listed=listed, states=FILES, wrong=wrong)
    return redirect(url_for(".show_file", file_id=file.id), 303)


@console_deposits.get("/bank-files/<uuid:file_id>")
@allow(*PAYMENTS_SEE)
def show_file(file_id: Any) -> ResponseReturnValue:
    """Before the import: its lines and which of them are new. After it: what became of them."""
    with reading() as uow:
        file = uow.get(BankFileRow, str(file_id))
        rows = deposits.of_file(uow, file.id, limit=SHOWN) if file.state == "imported" else []
        return render_template(
            "payments/bank_file.html",
            file=file,
            lines=bank_files.lines_of(uow, file.id)[:SHOWN] if file.state == "previewed" else [],
            rows=rows,
            names=names_of(uow, (payer for _row, payer, _invoice in rows)),
            invoices=requests_of(uow, (invoice for _row, _payer, invoice in rows)),
            states=DEPOSITS,
            shortened=file.summary["count"] + file.summary["reversal_count"] > SHOWN,
        )


@console_deposits.post("/bank-files/<uuid:file_id>/import")
@allow(*PAYMENTS_CHANGE)
def import_file(file_id: Any) -> ResponseReturnValue:
    with unit() as uow:
        file = bank_files.import_file(uow, str(file_id))
    result = file.summary["result"]
    flash(ngettext("%(num)s deposit was matched.", "%(num)s deposits were matched.", result.get("matched", 0)))
    if waiting := result.get("unidentified", 0):
        flash(
            ngettext("%(num)s deposit waits to be assigned.", "%(num)s deposits wait to be assigned.", waiting), "warn"
        )
    return redirect(url_for(".show_file", file_id=file_id), 303)
