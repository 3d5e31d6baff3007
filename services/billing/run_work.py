"""The long work of a run, 10,000 members a transaction: create drafts, confirm them, cancel them.

Each chunk takes up what the tables say is still to do, and stores what it did together with its progress: killed
anywhere and started again, nothing is done twice and nothing is left out (B2+, E1)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from services.billing import selection
from services.billing.models import InvoiceKind, InvoiceRow, InvoiceState, Outcome, RunResultRow, RunRow, RunState
from services.billing.models.invoices import public_line
from services.billing.numbering import WIDTH, draw_numbers
from shared.db import insert_rows
from shared.errors import ChangedMeanwhile
from shared.ids import new_id
from shared.jobs import JobRun
from shared.messages.billing import Invoice, InvoiceCancelled, InvoiceCreated, InvoiceLine
from shared.uow import UnitOfWork

BULK = {"synchronize_session": False}
ANNUAL, UNPAID, NOTHING_DUE = InvoiceKind.ANNUAL.value, InvoiceState.UNPAID.value, InvoiceState.NOTHING_DUE.value


def chunk_size(members: int) -> int:
    """A tenth of the work, so that progress is seen to move, and never more than memory should hold."""
    return max(200, min(10_000, members // 10))


def create_drafts(work: JobRun) -> None:
    """Decide on every member and make the drafts, in the order of the members' ids."""
    with work.look() as uow:
        size = chunk_size(selection.count_members(uow))
        if work.cursor is None:  # also when an earlier piece of work on this run has failed half-way
            decided = sa.select(RunResultRow.person_id).where(RunResultRow.run_id == work.args["run"])
            work.cursor = uow.session.scalar(decided.order_by(RunResultRow.person_id.desc()).limit(1))
    more = True
    while more:
        with work.chunk() as uow:
            run = uow.get(RunRow, work.args["run"], lock=True)
            if run.state != RunState.CREATING:
                return
            _one_at_a_time(uow, run.fiscal_year)
            members = selection.members_after(uow, run, work.cursor, size)
            _store_drafts(uow, run, members)
            more = len(members) == size
            work.cursor = members[-1].person_id if members else work.cursor
            work.done += len(members)
            if not more:
                run.state = RunState.CREATED
                work.finish(
                    uow, {"invoices": run.invoiced + run.nothing_due, "left_out": run.left_out, "total": run.total}
                )


def _one_at_a_time(uow: UnitOfWork, fiscal_year: int) -> None:
    """Two runs for one year take turns: the second sees the first one's invoices and leaves these members out (I5, E2).

    SQLite has one writer at a time anyway; the unique index is the last wall on both."""
    if uow.session.connection().dialect.name == "postgresql":
        key = f"annual invoices {uow.society_id} {fiscal_year}"
        uow.session.execute(sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})


def _store_drafts(uow: UnitOfWork, run: RunRow, members: Sequence[selection.Judged]) -> None:
    invoices, results = [], []
    same: dict[str, Any] = {
        "society_id": uow.society_id,
        "revision": 1,
        "kind": InvoiceKind.ANNUAL.value,
        "state": InvoiceState.DRAFT.value,
        "title": run.name,
        "title_en": run.name_en,
        "fiscal_year": run.fiscal_year,
        "paid": 0,
        "due_on": run.due_on,
        "run_id": run.id,
        "methods": [],
        "created_at": uow.now,
    }
    of_category = {
        category: {"total": fee["annual_fee"], "lines": [_line(fee)]} for category, fee in (run.fees or {}).items()
    }
    charge_outcome = {category: selection.outcome_of(charge["total"]).value for category, charge in of_category.items()}
    left_out = Outcome.LEFT_OUT.value
    for id, category, reason in members:
        if reason is None:
            invoice_id, charge = new_id(), of_category[category or ""]
            amount, outcome = charge["total"], charge_outcome[category or ""]
            invoices.append({**same, **charge, "id": invoice_id, "payer_id": id, "category": category})
        else:
            invoice_id, amount, outcome = None, 0, left_out
        results.append(
            {
                "society_id": uow.society_id,
                "run_id": run.id,
                "person_id": id,
                "outcome": outcome,
                "reason": reason,
                "category": category,
                "amount": amount,
                "invoice_id": invoice_id,
            }
        )
    insert_rows(uow.session, InvoiceRow, invoices)
    insert_rows(uow.session, RunResultRow, results)
    run.total += sum(row["total"] for row in invoices)
    run.nothing_due += sum(1 for row in invoices if not row["total"])
    run.invoiced += sum(1 for row in invoices if row["total"])
    run.left_out += len(members) - len(invoices)


def _line(fee: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": fee["title"],
        "title_en": fee["title_en"],
        "amount": fee["annual_fee"],
        "tax_class": fee["tax_class"],
        "fiscal_year": fee["fiscal_year"],
    }


def confirm_drafts(work: JobRun) -> None:
    """Number the drafts, make them payable, and tell everybody, in the order of the members' ids (B5)."""
    more = True
    while more:
        with work.chunk() as uow:
            run = uow.get(RunRow, work.args["run"], lock=True)
            if run.state != RunState.CONFIRMING:
                return
            size = chunk_size(run.invoiced + run.nothing_due)
            issued = _issue(uow, run, size)
            more = issued == size
            work.done += issued
            if not more:
                run.state, run.confirmed_at = RunState.CONFIRMED, uow.now
                work.finish(uow, {"invoices": work.done})


def _issue(uow: UnitOfWork, run: RunRow, limit: int) -> int:
    """The next drafts. They are read as bare columns and written by one statement: rows as objects would take thrice as
    long, and there may be 100,000 of them."""
    row = InvoiceRow
    open_drafts = sa.and_(row.run_id == run.id, row.state == InvoiceState.DRAFT)
    columns = (row.id, row.revision, row.payer_id, row.title, row.title_en, row.total, sa.cast(row.lines, sa.Text))
    drafts = uow.session.execute(sa.select(*columns).where(open_drafts).order_by(row.payer_id).limit(limit)).all()
    if not drafts:
        return 0
    assert run.issued_on is not None
    prefix, first = draw_numbers(uow, "invoice", run.issued_on, len(drafts))
    place = sa.func.row_number().over(order_by=row.payer_id) - 1 + first
    chosen = sa.and_(open_drafts, row.payer_id <= drafts[-1].payer_id)
    numbered = sa.select(row.id, place.label("number")).where(chosen).subquery()
    digits = sa.func.substr(sa.cast(numbered.c.number + 10**WIDTH, sa.String), 2)
    state = sa.case((row.total == 0, InvoiceState.NOTHING_DUE.value), else_=InvoiceState.UNPAID.value)
    done = uow.session.execute(
        sa.update(row)
        .where(row.id == numbered.c.id)
        .values(number=prefix + digits, state=state, issued_on=run.issued_on),
        execution_options=BULK,
    )
    if done.rowcount != len(drafts):  # type: ignore[attr-defined]
        raise ChangedMeanwhile
    uow.say_all(_created(run, f"{prefix}{number:0{WIDTH}d}", *draft) for number, draft in enumerate(drafts, first))
    return len(drafts)


def _created(
    run: RunRow, number: str, id: str, revision: int, payer: str, title: str, title_en: str, total: int, lines: str
) -> InvoiceCreated:
    """As `InvoiceRow.public` would say it."""
    assert run.issued_on is not None
    invoice = Invoice(
        id=id,
        revision=revision,
        number=number,
        payer_id=payer,
        kind=ANNUAL,
        title=title,
        title_en=title_en,
        total=total,
        paid=0,
        due=total,
        state=UNPAID if total else NOTHING_DUE,
        issued_on=run.issued_on,
        due_on=run.due_on,
        fiscal_year=run.fiscal_year,
        run_id=run.id,
        lines=_public_lines(lines),
    )
    return InvoiceCreated(invoice=invoice)


@lru_cache(maxsize=1_000)
def _public_lines(lines: str) -> tuple[InvoiceLine, ...]:
    """The lines of a category are the same for thousands."""
    return tuple(public_line(line) for line in json.loads(lines))


def cancel_invoices_of_run(work: JobRun) -> None:
    """Cancel what is not paid. What was paid in the very moment stays, and the result says how many these are (B7)."""
    open_states = (InvoiceState.DRAFT, InvoiceState.UNPAID, InvoiceState.NOTHING_DUE)
    more = True
    while more:
        with work.chunk() as uow:
            run = uow.get(RunRow, work.args["run"], lock=True)
            if run.state != RunState.CANCELLING:
                return
            size = chunk_size(run.invoiced + run.nothing_due)
            open_invoices = sa.select(InvoiceRow).where(InvoiceRow.run_id == run.id, InvoiceRow.state.in_(open_states))
            next_ones = open_invoices.order_by(InvoiceRow.payer_id).limit(size).with_for_update()
            rows = uow.session.scalars(next_ones).all()
            _cancel(uow, rows)
            more = len(rows) == size
            work.done += len(rows)
            if not more:
                left = sa.select(sa.func.count()).where(
                    InvoiceRow.run_id == run.id, InvoiceRow.state != InvoiceState.CANCELLED
                )
                remaining = uow.session.scalar(left) or 0
                run.state = RunState.CONFIRMED if remaining else RunState.CANCELLED
                work.finish(uow, {"cancelled": work.done, "remaining": remaining})


def _cancel(uow: UnitOfWork, rows: Sequence[InvoiceRow]) -> None:
    if not rows:
        return
    for row in rows:  # changed in memory only to be told as they will be: one statement writes them
        uow.session.expunge(row)
    ids = [row.id for row in rows]
    uow.session.execute(
        sa.update(InvoiceRow)
        .where(InvoiceRow.id.in_(ids))
        .values(state=InvoiceState.CANCELLED, cancelled_at=uow.now, revision=InvoiceRow.revision + 1),
        execution_options=BULK,
    )
    for row in rows:
        row.state, row.revision = InvoiceState.CANCELLED, row.revision + 1
    uow.say_all(InvoiceCancelled(invoice=row.public()) for row in rows if row.is_issued)
