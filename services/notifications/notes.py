"""What is known of invoices and events: a letter must not ask for what was paid or cancelled while it waited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services.notifications.models import LetterRow, NoteRow
from shared.uow import UnitOfWork

SETTLED = {"cancelled": "the invoice was cancelled", "paid": "the invoice was paid", "nothing_due": "nothing is due"}


def note(uow: UnitOfWork, things: Iterable[dict[str, Any]]) -> None:
    """Keep the newest revision of each; a thing here is its public state as JSON values."""
    newest: dict[str, dict[str, Any]] = {}
    for thing in things:
        if thing["id"] not in newest or newest[thing["id"]]["revision"] < thing["revision"]:
            newest[thing["id"]] = thing
    connection = uow.session.connection()
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(NoteRow)
    upsert = insert.on_conflict_do_update(
        index_elements=["id"],
        set_={name: insert.excluded[name] for name in ("revision", "facts")},
        where=sa.and_(
            NoteRow.__table__.c.revision < insert.excluded["revision"],
            NoteRow.__table__.c.society_id == insert.excluded["society_id"],
        ),
    )
    rows = [
        {"society_id": uow.society_id, "id": id, "revision": thing["revision"], "facts": thing}
        for id, thing in sorted(newest.items())  # in one order everywhere: two writers never wait in a circle
    ]
    connection.execute(upsert, rows)


def newest_invoice(uow: UnitOfWork, invoice_id: str, payer_id: str | None) -> dict[str, Any] | None:
    """The newest public state of an invoice that has come here, or None while nothing has."""
    found = uow.session.scalars(sa.select(NoteRow).where(NoteRow.id == invoice_id)).one_or_none()
    letter = uow.session.scalars(
        sa.select(LetterRow).where(LetterRow.cause == f"invoice-created:{invoice_id}:{payer_id}")
    ).one_or_none()
    known = [found.facts] if found else []
    if letter is not None:
        known.append(letter.facts["invoice"])
    return max(known, key=lambda facts: int(facts["revision"]), default=None)


def newest_event(uow: UnitOfWork, event_id: str) -> dict[str, Any]:
    """What is known of a published event; with empty values while nothing is."""
    found = uow.session.scalars(sa.select(NoteRow).where(NoteRow.id == event_id)).one_or_none()
    return found.facts if found else {"starts_on": None, "ends_on": None, "venue": "", "venue_en": ""}


def why_pointless(invoice: dict[str, Any]) -> str | None:
    """The reason why a letter that asks for money on this invoice should not go out, if there is one."""
    return SETTLED.get(invoice["state"])
