"""Requests to pay 決済依頼: billing's invoices as payments knows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from services.payments.models import LIVE, AttemptRow, RequestRow
from shared import clock
from shared.db import insert_rows
from shared.errors import NotFound
from shared.ids import new_id
from shared.people import ids_of
from shared.uow import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class Billed:
    """What billing says of an invoice, as far as it matters for paying it. Yen."""

    invoice_id: str
    revision: int
    number: str
    payer_id: str
    title: str
    title_en: str
    due: int
    due_on: date | None
    methods: tuple[str, ...]
    cancelled: bool


def copy_invoices(uow: UnitOfWork, invoices: Sequence[Billed]) -> None:
    """Open, change or close the requests of these invoices; each carries the invoice's full state, the newest one wins.

    An attempt that no longer fits what is due is cancelled (a bank transfer's account takes any amount: it stays)."""
    newest: dict[str, Billed] = {}
    for invoice in invoices:
        known = newest.get(invoice.invoice_id)
        if known is None or known.revision < invoice.revision:
            newest[invoice.invoice_id] = invoice
    statement = sa.select(RequestRow).where(RequestRow.invoice_id.in_(list(newest))).order_by(RequestRow.id)
    changed: dict[str, RequestRow] = {}
    for request in uow.session.scalars(statement.with_for_update()):
        invoice = newest.pop(request.invoice_id)
        if invoice.revision > request.invoice_revision:
            for name, value in _copied(invoice).items():
                setattr(request, name, value)
            changed[request.id] = request
    _fit_attempts(uow, changed)
    now = clock.now()
    insert_rows(
        uow.session,
        RequestRow,
        (
            {
                "society_id": uow.society_id,
                "id": new_id(),
                "invoice_id": invoice.invoice_id,
                "created_at": now,
                **_copied(invoice),
            }
            for invoice in newest.values()
        ),
    )


def request_for(uow: UnitOfWork, invoice_id: str, *, payer_id: str | None = None, lock: bool = False) -> RequestRow:
    """The request of an invoice; with `payer_id` only if it is theirs. Raises NotFound."""
    statement = sa.select(RequestRow).where(RequestRow.invoice_id == invoice_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = uow.session.scalars(statement).one_or_none()
    if found is None or (payer_id is not None and found.payer_id not in ids_of(uow, payer_id)):
        raise NotFound
    return found


def lock_requests(uow: UnitOfWork, invoice_ids: Collection[str]) -> dict[str, RequestRow]:
    """The requests of several invoices, locked in the order of their ids, as everybody does: nobody waits in a circle.

    Raises NotFound if there is none for one of them."""
    found: dict[str, RequestRow] = {}
    statement = sa.select(RequestRow).where(RequestRow.invoice_id.in_(invoice_ids)).order_by(RequestRow.id)
    locked = statement.with_for_update().execution_options(populate_existing=True)
    for request in uow.session.scalars(locked) if invoice_ids else ():
        found[request.invoice_id] = request
    if len(found) < len(set(invoice_ids)):
        raise NotFound
    return found


def open_requests_of(uow: UnitOfWork, payer_id: str) -> Sequence[RequestRow]:
    """What somebody still has to pay, oldest first."""
    statement = sa.select(RequestRow).where(RequestRow.payer_id.in_(ids_of(uow, payer_id)), RequestRow.state == "open")
    return uow.session.scalars(statement.order_by(RequestRow.due_on, RequestRow.id)).all()


def settle(request: RequestRow, amount: int) -> None:
    """Money came in for it: nobody shall pay the same again before billing's answer arrives."""
    request.due = max(0, request.due - amount)
    if request.due == 0 and request.state == "open":
        request.state = "paid"


def _copied(invoice: Billed) -> dict[str, object]:
    state = "closed" if invoice.cancelled else "open" if invoice.due > 0 else "paid"
    return {
        "invoice_revision": invoice.revision,
        "invoice_number": invoice.number,
        "payer_id": invoice.payer_id,
        "title": invoice.title,
        "title_en": invoice.title_en,
        "due": invoice.due if state == "open" else 0,
        "due_on": invoice.due_on,
        "methods": list(invoice.methods),
        "state": state,
    }


def _fit_attempts(uow: UnitOfWork, changed: Mapping[str, RequestRow]) -> None:
    statement = sa.select(AttemptRow).where(AttemptRow.request_id.in_(list(changed)), AttemptRow.state.in_(LIVE))
    for attempt in uow.session.scalars(statement.with_for_update()) if changed else ():
        request = changed[attempt.request_id]
        if request.state == "open" and attempt.method == "bank_transfer":
            attempt.amount = request.due
        elif request.state != "open" or attempt.amount != request.due:
            attempt.state, attempt.ended_at, attempt.void = "cancelled", clock.now(), True
            attempt.next_ask_at = clock.now()
