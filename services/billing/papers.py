"""Invoice 請求書 and receipt 領収書 as PDF (B14, B15): what they state is gathered once and frozen, then printed in
either language as often as wanted.

The statements are those of a qualified invoice 適格請求書 (消費税法57条の4) when the society is registered: issuer and
number, period, contents with the mark of the reduced rate, total and tax per rate rounded once per rate, recipient."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.billing.models import AllocationRow, InvoiceKind, InvoiceRow, PaymentRow, ReceiptRow
from services.billing.wording import wording_for
from shared.documents import render_pdf
from shared.japan.calendar import fiscal_year_span
from shared.money import TaxClass, tax_included
from shared.people import who_is
from shared.society import SocietyRow
from shared.uow import UnitOfWork

LAYOUTS = Path(__file__).parent / "documents"
NO_ADDRESSEE: dict[str, Any] = {
    "name": "",
    "name_en": "",
    "number": None,
    "affiliation": "",
    "postcode": "",
    "address": "",
    "corporate": False,
}


def invoice_facts(uow: UnitOfWork, invoice: InvoiceRow) -> dict[str, Any]:
    """All that the PDF of an issued invoice states, as JSON."""
    assert invoice.number is not None and invoice.issued_on is not None
    return {
        "number": invoice.number,
        "issued_on": invoice.issued_on.isoformat(),
        "due_on": invoice.due_on.isoformat() if invoice.due_on else None,
        **_common(uow, invoice, invoice.issued_on),
    }


def receipt_facts(uow: UnitOfWork, receipt: ReceiptRow, invoice: InvoiceRow) -> dict[str, Any]:
    """All that the PDF of a receipt states, as JSON."""
    return {
        "number": receipt.number,
        "issued_on": receipt.issued_on.isoformat(),
        "invoice_number": invoice.number,
        "payments": _payments(uow, invoice),
        **_common(uow, invoice, receipt.issued_on),
    }


def with_addressee(uow: UnitOfWork, facts: dict[str, Any], payer_id: str) -> dict[str, Any]:
    """Frozen facts; one gap may be filled later: a payer of whom members had not told yet when they were gathered."""
    return facts if facts["addressee"]["name"] else {**facts, "addressee": _addressee(uow, payer_id)}


def print_invoice(facts: dict[str, Any], language: str, *, pay_at: str) -> bytes:
    """`pay_at`: address of My Page, where the payer chooses how to pay."""
    return render_pdf(LAYOUTS / "invoice.typ", wording_for("invoice", facts, language, pay_at=pay_at))


def print_receipt(facts: dict[str, Any], language: str, *, mark: str | None = None) -> bytes:
    """`mark`: again 再発行, copy 控, void 無効, or none on the first that is handed out."""
    return render_pdf(LAYOUTS / "receipt.typ", wording_for("receipt", facts, language, mark=mark))


def _common(uow: UnitOfWork, invoice: InvoiceRow, on: date) -> dict[str, Any]:
    return {
        "title": invoice.title,
        "title_en": invoice.title_en,
        "society": _issuer(uow.society, on),
        "addressee": _addressee(uow, invoice.payer_id),
        "period": _period(uow, invoice),
        "lines": invoice.lines,
        "rates": _rates(invoice.lines),
        "total": invoice.total,
    }


def _issuer(society: SocietyRow, on: date) -> dict[str, Any]:
    number = society.registration_number
    registered = number is not None and (society.registered_from is None or society.registered_from <= on)
    return {
        "name": society.name,
        "name_en": society.name_en,
        "address": society.address,
        "phone": society.phone,
        "email": society.email,
        "registration_number": number if registered else None,
    }


def _addressee(uow: UnitOfWork, payer_id: str) -> dict[str, Any]:
    person = who_is(uow, payer_id)
    if person is None:
        return NO_ADDRESSEE
    return {
        "name": person.name,
        "name_en": person.name_in("en"),
        "number": person.number,
        "affiliation": person.affiliation,
        "postcode": person.postcode,
        "address": person.address,
        "corporate": person.kind == "corporate",
    }


def _period(uow: UnitOfWork, invoice: InvoiceRow) -> list[str] | None:
    """What a qualified invoice needs instead of a day: the span that annual dues are for."""
    if invoice.kind != InvoiceKind.ANNUAL:
        return None
    return [day.isoformat() for day in fiscal_year_span(invoice.fiscal_year, uow.society.fiscal_year_starts)]


def _rates(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = tax_included((line["amount"], TaxClass(line["tax_class"])) for line in lines)
    order = list(TaxClass)
    return [
        {"tax_class": tax_class.value, "total": total, "tax": tax, "percent": tax_class.percent}
        for tax_class, (total, tax) in sorted(found.items(), key=lambda item: order.index(item[0]))
    ]


def _payments(uow: UnitOfWork, invoice: InvoiceRow) -> list[dict[str, Any]]:
    net = sa.func.sum(AllocationRow.amount)
    statement = (
        sa.select(PaymentRow.method, PaymentRow.received_on, net)
        .join(AllocationRow, AllocationRow.payment_id == PaymentRow.id)
        .where(AllocationRow.invoice_id == invoice.id)
        .group_by(PaymentRow.id, PaymentRow.method, PaymentRow.received_on)
        .having(net > 0)
        .order_by(PaymentRow.received_on, PaymentRow.id)
    )
    return [
        {"method": method, "received_on": day.isoformat(), "amount": int(amount)}
        for method, day, amount in uow.session.execute(statement)
    ]
