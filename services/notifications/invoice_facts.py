"""What is known of invoices: a letter must not ask for what was paid, changed or cancelled while it waited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services.notifications.models import InvoiceNoteRow, LetterRow
from shared.uow import UnitOfWork

SETTLED = {"cancelled": "the invoice was cancelled", "paid": "the invoice was paid", "nothing_due": "nothing is due"}


def note_invoices(uow: UnitOfWork, invoices: Iterable[dict[str, Any]]) -> None:
    """Keep the newest revision of each; an invoice here is its public state as JSON values."""
    newest: dict[str, dict[str, Any]] = {}
    for invoice in invoices:
        if invoice["id"] not in newest or newest[invoice["id"]]["revision"] < invoice["revision"]:
            newest[invoice["id"]] = invoice
    connection = uow.session.connection()
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(InvoiceNoteRow)
    upsert = insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: insert.excluded[name] for name in ("revision", "facts")},
        where=sa.and_(
            InvoiceNoteRow.__table__.c.revision < insert.excluded["revision"],
            InvoiceNoteRow.__table__.c.society_id == insert.excluded["society_id"],
        ),
    )
    rows = [
        {"society_id": uow.society_id, "id": i["id"], "revision": i["revision"], "facts": i} for i in newest.values()
    ]
    connection.execute(upsert, rows)


def newest_invoice(uow: UnitOfWork, invoice_id: str, payer_id: str | None) -> dict[str, Any] | None:
    """The newest public state of an invoice that has come here, or None while nothing has."""
    note = uow.session.scalars(sa.select(InvoiceNoteRow).where(InvoiceNoteRow.id == invoice_id)).one_or_none()
    letter = uow.session.scalars(
        sa.select(LetterRow).where(LetterRow.cause == f"invoice-created:{invoice_id}:{payer_id}")
    ).one_or_none()
    known = [note.facts] if note else []
    if letter is not None:
        known.append(letter.facts["invoice"])
    return max(known, key=lambda facts: int(facts["revision"]), default=None)


def why_pointless(invoice: dict[str, Any]) -> str | None:
    """The reason why a letter that asks for money on this invoice should not go out, if there is one."""
    return SETTLED.get(invoice["state"])
