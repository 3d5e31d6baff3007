"""Looking up invoices: for staff by anything, for a payer only their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.billing.models import AllocationRow, InvoiceRow, InvoiceState, Outcome, PaymentRow, RunResultRow
from shared.errors import NotFound
from shared.japan.kana import fold_kana
from shared.people import PersonRow, ids_of
from shared.uow import UnitOfWork

OPEN = (InvoiceState.UNPAID, InvoiceState.PART_PAID)


def find_invoices(
    *,
    q: str = "",
    state: str = "",
    kind: str = "",
    fiscal_year: int | None = None,
    run_id: str | None = None,
    overdue_on: Any = None,
) -> Any:
    """A SELECT of invoices with their payers: (InvoiceRow, PersonRow | None).

    `q`: number, title, or the payer's name or number."""
    statement: Any = sa.select(InvoiceRow, PersonRow).outerjoin(PersonRow, PersonRow.id == InvoiceRow.payer_id)
    if q.strip():
        statement = statement.where(
            sa.or_(_contains(InvoiceRow.number, q), _contains(InvoiceRow.title, q), is_called(q))
        )
    if state == "open":
        statement = statement.where(InvoiceRow.state.in_(OPEN))
    elif state:
        statement = statement.where(InvoiceRow.state == state)
    if overdue_on is not None:
        statement = statement.where(InvoiceRow.state.in_(OPEN), InvoiceRow.due_on < overdue_on)
    if kind:
        statement = statement.where(InvoiceRow.kind == kind)
    if fiscal_year is not None:
        statement = statement.where(InvoiceRow.fiscal_year == fiscal_year)
    if run_id is not None:
        statement = statement.where(InvoiceRow.run_id == run_id)
    return statement


def find_results(run_id: str, *, q: str = "", outcome: str = "", reason: str = "") -> Any:
    """A SELECT of what a run decided: (RunResultRow, PersonRow | None, InvoiceRow | None)."""
    statement: Any = (
        sa.select(RunResultRow, PersonRow, InvoiceRow)
        .outerjoin(PersonRow, PersonRow.id == RunResultRow.person_id)
        .outerjoin(InvoiceRow, InvoiceRow.id == RunResultRow.invoice_id)
        .where(RunResultRow.run_id == run_id)
    )
    if q.strip():
        statement = statement.where(is_called(q))
    if outcome:
        statement = statement.where(RunResultRow.outcome == outcome)
    if reason:
        statement = statement.where(RunResultRow.outcome == Outcome.LEFT_OUT, RunResultRow.reason == reason)
    return statement


def reasons_of(uow: UnitOfWork, run_id: str) -> dict[str, int]:
    """How many members a run left out for which reason, most first."""
    count = sa.func.count()
    statement = (
        sa.select(RunResultRow.reason, count)
        .where(RunResultRow.run_id == run_id, RunResultRow.reason.is_not(None))
        .group_by(RunResultRow.reason)
        .order_by(count.desc())
    )
    return {reason or "": number for reason, number in uow.session.execute(statement)}


def is_called(q: str) -> sa.ColumnElement[bool]:
    """Is that part of a person's name (kanji, kana, roman letters; spaces don't matter) or member number?"""
    p = PersonRow
    return sa.or_(_contains(p.name, q), _contains(p.kana, fold_kana(q)), _contains(p.roman, q), _contains(p.number, q))


def _contains(column: Any, q: str) -> sa.ColumnElement[bool]:
    def bare(text: Any) -> Any:
        return sa.func.replace(sa.func.replace(sa.func.lower(text), " ", ""), "　", "")

    wanted = "".join(q.lower().split())
    return sa.func.coalesce(bare(column), "").contains(wanted, autoescape=True)


def invoices_of(uow: UnitOfWork, payer_id: str, *, only_due: bool = False) -> Sequence[InvoiceRow]:
    """What a payer may see: no drafts; newest year first, what is due first where `only_due`."""
    statement = sa.select(InvoiceRow).where(
        InvoiceRow.payer_id.in_(ids_of(uow, payer_id)), InvoiceRow.number.is_not(None)
    )
    if only_due:
        due = statement.where(InvoiceRow.state.in_(OPEN))
        return uow.session.scalars(due.order_by(InvoiceRow.due_on, InvoiceRow.number)).all()
    return uow.session.scalars(statement.order_by(InvoiceRow.fiscal_year.desc(), InvoiceRow.number.desc())).all()


def own_invoice(uow: UnitOfWork, payer_id: str | None, id: str) -> InvoiceRow:
    """Raises NotFound for another payer's, and for a draft: it does not exist for its payer yet (B5)."""
    invoice = uow.get(InvoiceRow, id)
    if payer_id is None or invoice.payer_id not in ids_of(uow, payer_id) or not invoice.is_issued:
        raise NotFound
    return invoice


def payer_of(uow: UnitOfWork, invoice: InvoiceRow) -> PersonRow | None:
    """None as long as members has not told of the person."""
    return uow.session.scalars(sa.select(PersonRow).where(PersonRow.id == invoice.payer_id)).one_or_none()


def history(uow: UnitOfWork, invoice_id: str) -> Sequence[tuple[AllocationRow, PaymentRow]]:
    """The entries of the allocation ledger for an invoice, oldest first."""
    statement = (
        sa.select(AllocationRow, PaymentRow)
        .join(PaymentRow, PaymentRow.id == AllocationRow.payment_id)
        .where(AllocationRow.invoice_id == invoice_id)
        .order_by(AllocationRow.at, AllocationRow.id)
    )
    return [(entry, payment) for entry, payment in uow.session.execute(statement)]


def years_with_invoices(uow: UnitOfWork) -> list[int]:
    """Fiscal years, newest first."""
    statement = sa.select(InvoiceRow.fiscal_year).distinct().order_by(InvoiceRow.fiscal_year.desc())
    return list(uow.session.scalars(statement))
