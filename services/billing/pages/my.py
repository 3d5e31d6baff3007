"""Billing's part of My Page 会員マイページ: what is due, all invoices, downloads. A payer sees only their own."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from services.billing import credit, invoices, labels, receipts, search
from services.billing.models import ReceiptRow
from services.billing.pages.pdf import my_page
from services.billing.roles import OWN_INVOICES
from shared.errors import NotFound
from shared.people import ids_of
from shared.web.access import allow, principal, reading, unit
from shared.web.pdf import answer_pdf, paper_language

my_pages = Blueprint("my", __name__, url_prefix="/billing/my")


@my_pages.get("/due")
@allow(*OWN_INVOICES)
def show_due() -> ResponseReturnValue:
    """A part of the home page, without a layout."""
    payer = principal().person_id or ""
    with reading() as uow:
        return render_template(
            "billing/my_due.html",
            invoices=search.invoices_of(uow, payer, only_due=True) if payer else (),
            nothing_due=[row for row in search.invoices_of(uow, payer) if row.state == "nothing_due"] if payer else (),
            credit=credit.balance_of(uow, payer) if payer else 0,
            states=labels.INVOICES,
            today=uow.today,
        )


@my_pages.get("/invoices")
@allow(*OWN_INVOICES)
def list_invoices() -> ResponseReturnValue:
    payer = principal().person_id or ""
    with reading() as uow:
        return render_template(
            "billing/my_invoices.html",
            invoices=search.invoices_of(uow, payer) if payer else (),
            receipts={row.invoice_id: row for row in receipts.receipts_of(uow, payer_id=payer) if not row.is_void}
            if payer
            else {},
            credit=credit.balance_of(uow, payer) if payer else 0,
            states=labels.INVOICES,
            today=uow.today,
        )


@my_pages.get("/invoices/<uuid:id>.pdf")
@allow(*OWN_INVOICES)
def print_invoice(id: UUID) -> ResponseReturnValue:
    with unit() as uow:
        invoice = search.own_invoice(uow, principal().person_id, str(id))
        pdf = invoices.print_invoice(uow, invoice, paper_language(), pay_at=my_page())
        return answer_pdf(pdf, invoice.number or "")


@my_pages.get("/receipts/<uuid:id>.pdf")
@allow(*OWN_INVOICES)
def print_receipt(id: UUID) -> ResponseReturnValue:
    """Each download counts, since the second is marked 再発行; asking only for the headers does not."""
    with unit() as uow:
        receipt = uow.get(ReceiptRow, str(id), lock=True)
        payer = principal().person_id
        if payer is None or receipt.payer_id not in ids_of(uow, payer):
            raise NotFound
        if request.method == "HEAD":
            return Response(mimetype="application/pdf")
        return answer_pdf(receipts.hand_out(uow, receipt, paper_language()), receipt.number)
