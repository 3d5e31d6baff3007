"""Receipts 領収書 (B15).

One receipt per invoice, issued in the transaction in which the invoice becomes paid in full, for its total; it names
the payments behind it. If one of them is taken back the receipt is void, and the next full payment makes a new one with
a number of its own. Tsudoi's receipt is the only one: the collector of the money issues none."""

from __future__ import annotations

import sqlalchemy as sa

from services.billing import papers
from services.billing.errors import ReceiptVoid
from services.billing.models import InvoiceRow, ReceiptRow
from services.billing.numbering import draw_number
from shared.messages.billing import ReceiptIssued
from shared.people import ids_of
from shared.uow import UnitOfWork


def issue_receipt(uow: UnitOfWork, invoice: InvoiceRow, *, completed_by: str) -> ReceiptRow:
    """The receipt of an invoice that has just become paid; says ReceiptIssued."""
    receipt = ReceiptRow(
        number=draw_number(uow, "receipt", uow.today),
        invoice_id=invoice.id,
        payment_id=completed_by,
        payer_id=invoice.payer_id,
        amount=invoice.total,
        issued_on=uow.today,
        document={},
    )
    receipt.document = papers.receipt_facts(uow, receipt, invoice)
    uow.add(receipt)
    uow.session.flush()
    uow.say(
        ReceiptIssued(
            receipt_id=receipt.id,
            number=receipt.number,
            invoice_id=invoice.id,
            payer_id=invoice.payer_id,
            amount=receipt.amount,
            issued_on=receipt.issued_on,
            title=invoice.title,
            title_en=invoice.title_en,
            payment_id=completed_by,
        )
    )
    return receipt


def void_receipt(uow: UnitOfWork, invoice: InvoiceRow) -> None:
    """The invoice is no longer paid: its receipt counts no more. It is kept, and its number stays used."""
    statement = sa.select(ReceiptRow).where(ReceiptRow.invoice_id == invoice.id, ReceiptRow.voided_at.is_(None))
    for receipt in uow.session.scalars(statement.with_for_update()):
        receipt.voided_at = uow.now
    uow.session.flush()


def hand_out(uow: UnitOfWork, receipt: ReceiptRow, language: str) -> bytes:
    """The PDF for its payer, counted: the second and later ones are marked 再発行. Raises ReceiptVoid."""
    if receipt.is_void:
        raise ReceiptVoid
    again = receipt.downloads > 0
    receipt.downloads += 1
    receipt.document = papers.with_addressee(uow, receipt.document, receipt.payer_id)
    return papers.print_receipt(receipt.document, language, mark="again" if again else None)


def office_copy(receipt: ReceiptRow, language: str) -> bytes:
    """The PDF for staff, marked 控 (or void 無効); it does not count as handed out."""
    return papers.print_receipt(receipt.document, language, mark="void" if receipt.is_void else "copy")


def receipts_of(uow: UnitOfWork, *, payer_id: str | None = None, invoice_id: str | None = None) -> list[ReceiptRow]:
    """Receipts of a payer or of an invoice, newest first, void ones among them."""
    statement = sa.select(ReceiptRow).order_by(ReceiptRow.id.desc())
    if payer_id is not None:
        statement = statement.where(ReceiptRow.payer_id.in_(ids_of(uow, payer_id)))
    if invoice_id is not None:
        statement = statement.where(ReceiptRow.invoice_id == invoice_id)
    return list(uow.session.scalars(statement))
