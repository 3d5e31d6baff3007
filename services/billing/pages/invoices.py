"""Invoices in the staff console: search, one invoice with its history, cancelling, PDFs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from services.billing import allocation, credit, invoices, labels, receipts, search
from services.billing.models import InvoiceRow, ReceiptRow, RunRow
from services.billing.pages.pdf import my_page
from services.billing.roles import BILLING_CHANGE, BILLING_SEE
from services.billing.wording import METHODS
from shared.errors import TsudoiError
from shared.people import PersonRow
from shared.uow import UnitOfWork
from shared.web.access import allow, principal, reading, unit
from shared.web.forms import Faults
from shared.web.listing import list_rows
from shared.web.local_path import local_path
from shared.web.pdf import answer_pdf, paper_language

invoices_pages = Blueprint("invoices", __name__, url_prefix="/billing/console")


@invoices_pages.get("/invoices")
@allow(*BILLING_SEE)
def list_invoices() -> ResponseReturnValue:
    with reading() as uow:
        return _list(uow)


@invoices_pages.post("/invoices/cancel")
@allow(*BILLING_CHANGE)
def cancel_chosen() -> ResponseReturnValue:
    try:
        with unit() as uow:
            done = invoices.cancel_invoices(uow, request.form.getlist("id"))
    except TsudoiError as error:
        with reading() as uow:
            return _list(uow, error), error.kind.status
    flash(ngettext("%(num)s invoice was cancelled.", "%(num)s invoices were cancelled.", len(done)))
    return redirect(local_path(request.form.get("back"), url_for("invoices.list_invoices")), 303)


@invoices_pages.get("/invoices/<uuid:id>")
@allow(*BILLING_SEE)
def show_invoice(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        return _page(uow, str(id))


@invoices_pages.post("/invoices/<uuid:id>/cancel")
@allow(*BILLING_CHANGE)
def cancel_invoice(id: UUID) -> ResponseReturnValue:
    return _do(lambda uow: invoices.cancel_invoices(uow, [str(id)]), str(id), _("The invoice was cancelled."))


@invoices_pages.post("/invoices/<uuid:id>/use-credit")
@allow(*BILLING_CHANGE)
def use_credit(id: UUID) -> ResponseReturnValue:
    return _do(lambda uow: allocation.use_credit(uow, str(id)), str(id), _("The credit was applied."))


@invoices_pages.get("/invoices/<uuid:id>.pdf")
@allow(*BILLING_SEE)
def print_invoice(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        invoice = uow.get(InvoiceRow, str(id), lock=True)
        pdf = invoices.print_invoice(uow, invoice, paper_language(), pay_at=my_page())
        return answer_pdf(pdf, invoice.number or "")


@invoices_pages.get("/receipts/<uuid:id>.pdf")
@allow(*BILLING_SEE)
def print_receipt(id: UUID) -> ResponseReturnValue:
    with reading() as uow:
        receipt = uow.get(ReceiptRow, str(id))
        return answer_pdf(receipts.office_copy(receipt, paper_language()), receipt.number)


def _do(use_case: Any, id: str, said: str) -> ResponseReturnValue:
    try:
        with unit() as uow:
            use_case(uow)
    except TsudoiError as error:
        with reading() as uow:
            return _page(uow, id, error), error.kind.status
    flash(said)
    return redirect(url_for("invoices.show_invoice", id=id), 303)


def _list(uow: UnitOfWork, error: TsudoiError | None = None) -> str:
    state, year = request.args.get("state", ""), request.args.get("year", "")
    statement = search.find_invoices(
        q=request.args.get("q", ""),
        state="" if state == "overdue" else state,
        kind=request.args.get("kind", ""),
        fiscal_year=int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None,
        overdue_on=uow.today if state == "overdue" else None,
    )
    sortable = {
        "number": InvoiceRow.number,
        "payer": PersonRow.kana,
        "total": InvoiceRow.total,
        "due_on": InvoiceRow.due_on,
        "created": InvoiceRow.created_at,
    }
    return render_template(
        "billing/invoices.html",
        listed=list_rows(uow.session, statement, sortable, sort="-created", unique=InvoiceRow.id),
        states=labels.INVOICES,
        kinds=labels.KINDS,
        years=search.years_with_invoices(uow),
        today=uow.today,
        may_edit=principal().may(*BILLING_CHANGE),
        faults=Faults(error),
    )


def _page(uow: UnitOfWork, id: str, error: TsudoiError | None = None) -> str:
    invoice = uow.get(InvoiceRow, id)
    return render_template(
        "billing/invoice.html",
        invoice=invoice,
        payer=search.payer_of(uow, invoice),
        run=uow.get(RunRow, invoice.run_id) if invoice.run_id else None,
        history=search.history(uow, invoice.id),
        receipts=receipts.receipts_of(uow, invoice_id=invoice.id),
        credit=credit.balance_of(uow, invoice.payer_id),
        states=labels.INVOICES,
        kinds=labels.KINDS,
        causes=labels.CAUSES,
        tax_classes=labels.TAX_CLASSES,
        methods=METHODS,
        today=uow.today,
        can_cancel=invoice.state in invoices.CANCELLABLE,
        may_edit=principal().may(*BILLING_CHANGE),
        faults=Faults(error),
    )
