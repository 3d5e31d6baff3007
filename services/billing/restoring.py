"""After billing was restored from a back-up: take over what neighbours know of its forgotten invoices, and tell them
the state of all of them again. `tsudoi restored billing adopt FILE`, then, with the payments back, `announce`."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from services.billing.models import InvoiceRow, InvoiceState
from services.billing.numbering import PREFIX, raise_number
from shared import audit
from shared.identity import Actor
from shared.messages.billing import Invoice, InvoiceCancelled, InvoiceChanged
from shared.service import RunningService
from shared.uow import UnitOfWork

AHEAD = 1000  # revisions, more than neighbours can have seen since the back-up
AT_ONCE = 1000
_NUMBER = re.compile(r"([A-Z])(\d{4})-(\d+)")


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what notifications recalls: an invoice, or the number of a receipt."""

    society: str
    invoice: Invoice | None = None
    receipt: str | None = None


def adopt(uow: UnitOfWork, recalled: Iterable[Recalled]) -> list[str]:
    """Take over invoices that are unknown here, unpaid; their payments come again. No number is given out twice.

    Says nothing: `announce` does, when the payments are back. Returns the numbers of those that were taken over."""
    numbers: Counter[tuple[str, int]] = Counter()
    adopted = []
    for each in recalled:
        number = each.receipt or (each.invoice.number if each.invoice else "")
        if parts := _NUMBER.fullmatch(number):
            key = (parts[1], int(parts[2]))
            numbers[key] = max(numbers[key], int(parts[3]))
        if each.invoice is not None and _adopt_one(uow, each.invoice):
            adopted.append(each.invoice.number)
    kinds = {prefix: kind for kind, prefix in PREFIX.items()}
    for (prefix, year), last in sorted(numbers.items()):
        raise_number(uow, kinds[prefix], year, last)
    if adopted:
        audit.record(uow, "adopt-invoices", "restore", after={"numbers": adopted})
    return adopted


def _adopt_one(uow: UnitOfWork, known: Invoice) -> bool:
    row = uow.session.scalars(sa.select(InvoiceRow).where(InvoiceRow.id == known.id)).one_or_none()
    if row is not None and row.is_issued:
        return False
    if row is None:
        row = InvoiceRow(
            id=known.id,
            kind=known.kind,
            payer_id=known.payer_id,
            title=known.title,
            title_en=known.title_en,
            fiscal_year=known.fiscal_year or known.issued_on.year,
            total=known.total,
            due_on=known.due_on,
            registration_id=known.registration_id,
            methods=list(known.methods),
            lines=[_line(each, known.title_en) for each in known.lines],
        )
        uow.add(row)
    row.number, row.issued_on, row.paid, row.revision = known.number, known.issued_on, 0, known.revision
    cancelled = known.state == InvoiceState.CANCELLED
    row.state = InvoiceState.CANCELLED if cancelled else row.state_by_allocations()
    row.cancelled_at = uow.now if cancelled else None
    uow.session.flush()
    return True


def _line(line: Any, title_en: str) -> dict[str, Any]:
    return {
        "title": line.title,
        "title_en": title_en,
        "amount": line.amount,
        "tax_class": line.tax_class,
        "fiscal_year": line.fiscal_year,
    }


def announce(running: RunningService, actor: Actor) -> int:
    """Tell the state of every issued invoice again, under a revision that is newer than any that neighbours have."""
    count = 0
    for society in running.societies():
        last = ""
        while True:
            with running.unit(society, actor=actor) as uow:
                rows = _next_invoices(uow, last)
                for row in rows:
                    row.revision += AHEAD
                uow.session.flush()
                uow.say_all(
                    (InvoiceCancelled if row.state == InvoiceState.CANCELLED else InvoiceChanged)(invoice=row.public())
                    for row in rows
                )
            count += len(rows)
            if len(rows) < AT_ONCE:
                break
            last = rows[-1].id
    return count


def _next_invoices(uow: UnitOfWork, after: str) -> Sequence[InvoiceRow]:
    statement = sa.select(InvoiceRow).where(InvoiceRow.number.is_not(None)).order_by(InvoiceRow.id).limit(AT_ONCE)
    if after:
        statement = statement.where(InvoiceRow.id > after)
    return uow.session.scalars(statement.with_for_update()).all()


def main(running: RunningService, argv: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="tsudoi restored", description=__doc__)
    parser.add_argument("service", choices=("billing",))
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("adopt", help="before it starts").add_argument("file", type=Path, help="of `tsudoi recall`")
    verbs.add_parser("announce", help="when all that was sent again is handled")
    known = parser.parse_args(argv)
    actor = Actor.at_terminal("tsudoi restored")
    if known.verb == "announce":
        print(f"{announce(running, actor)} invoices are told again")
        return 0
    by_society: dict[str, list[Recalled]] = {}
    decoder = msgspec.json.Decoder(Recalled)
    with known.file.open() as lines:
        for line in lines:
            each = decoder.decode(line)
            by_society.setdefault(each.society, []).append(each)
    for society, recalled in by_society.items():
        with running.unit(society, actor=actor) as uow:
            for number in adopt(uow, recalled):
                print(f"taken over: {number} (society {society})")
    return 0
