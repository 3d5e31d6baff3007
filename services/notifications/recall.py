"""What this service was told of invoices and receipts, as JSON lines: for billing, when it was restored from a back-up
and no longer knows all that it had said (`tsudoi recall notifications`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, TextIO

import msgspec
import sqlalchemy as sa

from services.notifications.models import LetterRow, NoteRow
from shared.service import RunningService
from shared.uow import UnitOfWork


def recalled(running: RunningService) -> Iterator[dict[str, Any]]:
    """The newest public state of each invoice that is known here, and the number of each receipt."""
    for society in running.societies():
        with running.unit(society, reading=True) as uow:
            newest: dict[str, dict[str, Any]] = {}
            for facts in _told_of_invoices(uow):
                if facts["id"] not in newest or newest[facts["id"]]["revision"] < facts["revision"]:
                    newest[facts["id"]] = facts
            for id in sorted(newest):
                yield {"society": society, "invoice": newest[id]}
            for about in uow.session.scalars(sa.select(LetterRow.about).where(LetterRow.kind == "receipt-issued")):
                yield {"society": society, "receipt": msgspec.json.decode(about)["number"]}


def _told_of_invoices(uow: UnitOfWork) -> Iterator[dict[str, Any]]:
    letters = sa.select(LetterRow.about).where(LetterRow.kind == "invoice-created")
    for about in uow.session.scalars(letters):
        yield msgspec.json.decode(about)["invoice"]
    for facts in uow.session.scalars(sa.select(NoteRow.facts)):
        if "payer_id" in facts:  # the others are of events
            yield facts


def main(running: RunningService, to: TextIO = sys.stdout) -> int:
    """The command."""
    for each in recalled(running):
        to.write(msgspec.json.encode(each).decode() + "\n")
    return 0
