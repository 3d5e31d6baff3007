"""Payers who were erased 個人情報の消去. What was issued to them keeps its addressee as long as documents must be kept
(法人税法, 消費税法: seven years, ten where a loss is carried forward), counted from two months after the end of the
fiscal year; then the addressee goes, too. Amounts and numbers stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.billing import papers
from services.billing.models import InvoiceRow, ReceiptRow
from shared import audit
from shared.japan.calendar import fiscal_year_of, fiscal_year_span
from shared.people import ERASED, NAME_OF_ERASED, PersonRow, with_aliases
from shared.uow import UnitOfWork

KEPT_YEARS, KEPT_MONTHS = 10, 2
AT_ONCE = 500  # documents in a transaction; the others follow an hour later


def freeze_documents_of(uow: UnitOfWork, ids: Sequence[str]) -> None:
    """As they were issued, before the copies of these people are emptied."""
    ids = with_aliases(uow, ids)
    issued = sa.select(InvoiceRow).where(InvoiceRow.payer_id.in_(ids), InvoiceRow.number.is_not(None))
    for invoice in uow.session.scalars(issued.order_by(InvoiceRow.id).with_for_update()):
        facts = invoice.document or papers.invoice_facts(uow, invoice)
        invoice.document = papers.with_addressee(uow, facts, invoice.payer_id)
    handed_out = sa.select(ReceiptRow).where(ReceiptRow.payer_id.in_(ids))
    for receipt in uow.session.scalars(handed_out.order_by(ReceiptRow.id).with_for_update()):
        receipt.document = papers.with_addressee(uow, receipt.document, receipt.payer_id)
    uow.session.flush()


def forget_addressees(uow: UnitOfWork) -> None:
    """Due work: documents of erased people that no law keeps any more."""
    before = kept_from(uow.today, uow.society.fiscal_year_starts)
    tables: tuple[Any, ...] = (InvoiceRow, ReceiptRow)
    for table in tables:
        name = table.document["addressee"]["name"].as_string()
        statement = (
            sa.select(table)
            .join(PersonRow, PersonRow.id == table.payer_id)
            .where(PersonRow.kind == ERASED, table.issued_on < before, name != NAME_OF_ERASED)
            .order_by(table.id)
            .limit(AT_ONCE)
        )
        rows = uow.session.scalars(statement.with_for_update(of=table)).all()
        for row in rows:
            row.document = {**(row.document or {}), "addressee": _nobody()}
        if rows:
            what = {"count": len(rows), "issued_before": before.isoformat()}
            audit.record(uow, "forget-addressees", table.__tablename__, after=what)


def kept_from(day: date, fiscal_year_starts: int) -> date:
    """What was issued before this date need not be kept on `day` any more."""
    months = (day.year - KEPT_YEARS) * 12 + day.month - 1 - KEPT_MONTHS
    then = date(months // 12, months % 12 + 1, 1)
    return fiscal_year_span(fiscal_year_of(then, fiscal_year_starts), fiscal_year_starts)[0]


def _nobody() -> dict[str, Any]:
    return {**papers.NO_ADDRESSEE, "name": NAME_OF_ERASED, "name_en": NAME_OF_ERASED}
