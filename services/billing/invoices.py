"""Invoices 請求: issuing single ones, cancelling 請求取消 (B7), printing; and those of event registrations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.billing import allocation, credit, papers
from services.billing.errors import InvoiceNotIssued, InvoicesNotCancellable
from services.billing.models import InvoiceKind, InvoiceRow, InvoiceState, RunRow, RunState
from services.billing.numbering import draw_number
from shared import audit
from shared.errors import N_, Fault
from shared.japan.calendar import fiscal_year_of
from shared.messages.billing import InvoiceCancelled, InvoiceCreated
from shared.people import ids_of
from shared.uow import UnitOfWork

CANCELLABLE = (InvoiceState.DRAFT, InvoiceState.UNPAID, InvoiceState.NOTHING_DUE)
WHY_NOT = {
    InvoiceState.CANCELLED: N_("%(invoice)s is cancelled already."),
    InvoiceState.PART_PAID: N_("%(invoice)s has a payment of ¥%(paid)s. Delete the payment first."),
    InvoiceState.PAID: N_("%(invoice)s has a payment of ¥%(paid)s. Delete the payment first."),
}
RUN_BUSY = N_("%(invoice)s belongs to a run that is being worked on just now.")


def issue_for_registration(
    uow: UnitOfWork,
    *,
    registration_id: str,
    payer_id: str,
    title: str,
    title_en: str,
    fee: int,
    tax_class: str,
    due_on: date | None,
    methods: Sequence[str] = (),
) -> InvoiceRow | None:
    """The invoice of one event registration, payable at once; none for a free one. The same twice as once."""
    if not fee or of_registration(uow, registration_id):
        return None
    year = fiscal_year_of(uow.today, uow.society.fiscal_year_starts)
    line = {"title": title, "title_en": title_en, "amount": fee, "tax_class": tax_class, "fiscal_year": year}
    invoice = InvoiceRow(
        kind=InvoiceKind.EVENT,
        state=InvoiceState.DRAFT,
        payer_id=payer_id,
        title=title,
        title_en=title_en or title,
        fiscal_year=year,
        total=fee,
        paid=0,
        due_on=due_on,
        registration_id=registration_id,
        methods=list(methods),
        lines=[line],
    )
    uow.add(invoice)
    return issue_invoice(uow, invoice)


def issue_invoice(uow: UnitOfWork, draft: InvoiceRow) -> InvoiceRow:
    """Give a draft its number, make it payable and say so (InvoiceCreated)."""
    draft.issued_on = uow.today
    draft.number = draw_number(uow, "invoice", uow.today)
    draft.state = draft.state_by_allocations()
    uow.session.flush()
    uow.say(InvoiceCreated(invoice=draft.public()))
    return draft


def of_registration(uow: UnitOfWork, registration_id: str) -> InvoiceRow | None:
    """The newest invoice of a registration, cancelled or not."""
    statement = sa.select(InvoiceRow).where(InvoiceRow.registration_id == registration_id)
    return uow.session.scalars(
        statement.order_by(InvoiceRow.created_at.desc(), InvoiceRow.id.desc()).limit(1)
    ).one_or_none()


def cancel_for_registration(uow: UnitOfWork, registration_id: str) -> None:
    """The registration was cancelled: nothing is due any more, and what was paid becomes credit (B10)."""
    known = of_registration(uow, registration_id)
    if known is None:
        return
    accounts = [credit.lock_account(uow, payer) for payer in sorted(ids_of(uow, known.payer_id))]
    invoice = uow.get(InvoiceRow, known.id, lock=True)
    if invoice.state == InvoiceState.CANCELLED:
        return
    allocation.release(uow, invoice, cause="invoice_cancelled")
    _cancel(uow, invoice)
    for account in accounts:
        credit.settle(uow, account)


def cancel_invoices(uow: UnitOfWork, ids: Sequence[str]) -> list[InvoiceRow]:
    """Cancel chosen invoices, all or none. Raises InvoicesNotCancellable naming each that has a payment (B7)."""
    wanted = sa.select(InvoiceRow).where(InvoiceRow.id.in_(ids)).order_by(InvoiceRow.id)
    busy = _busy_runs(uow, {row.run_id for row in uow.session.scalars(wanted) if row.run_id})
    rows = uow.session.scalars(wanted.with_for_update().execution_options(populate_existing=True)).all()
    faults = [_why_not(row) for row in rows if row.state not in CANCELLABLE]
    faults += [Fault(RUN_BUSY, {"invoice": _called(row)}) for row in rows if row.run_id in busy]
    if faults:
        raise InvoicesNotCancellable(faults=faults)
    for row in rows:
        _cancel(uow, row)
        audit.record(uow, "cancel-invoice", f"invoice/{row.id}", after={"number": row.number, "total": row.total})
    return list(rows)


def _busy_runs(uow: UnitOfWork, ids: set[str]) -> set[str]:
    """Locks the runs, so that no chunk of theirs counts on a draft that is cancelled meanwhile."""
    statement = sa.select(RunRow).where(RunRow.id.in_(ids)).order_by(RunRow.id).with_for_update()
    runs = uow.session.scalars(statement.execution_options(populate_existing=True))
    return {run.id for run in runs if run.state not in (RunState.CREATED, RunState.CONFIRMED)}


def _cancel(uow: UnitOfWork, invoice: InvoiceRow) -> None:
    invoice.state, invoice.cancelled_at = InvoiceState.CANCELLED, uow.now
    invoice.revision += 1
    uow.session.flush()
    if invoice.is_issued:
        uow.say(InvoiceCancelled(invoice=invoice.public()))


def _why_not(row: InvoiceRow) -> Fault:
    return Fault(WHY_NOT[InvoiceState(row.state)], {"invoice": _called(row), "paid": f"{row.paid:,}"})


def _called(row: InvoiceRow) -> str:
    return row.number or row.title


def print_invoice(uow: UnitOfWork, invoice: InvoiceRow, language: str, *, pay_at: str) -> bytes:
    """The PDF of an issued invoice. What it states is frozen when it is printed first. Raises InvoiceNotIssued."""
    if not invoice.is_issued:
        raise InvoiceNotIssued
    facts: dict[str, Any] = invoice.document or papers.invoice_facts(uow, invoice)
    invoice.document = papers.with_addressee(uow, facts, invoice.payer_id)
    return papers.print_invoice(invoice.document, language, pay_at=pay_at)
