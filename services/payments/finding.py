"""Finding whom money is for: people and open requests, by what staff have in hand."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from services.payments.models import RequestRow
from shared.db import Id
from shared.japan.kana import fold_kana
from shared.people import PersonRow
from shared.uow import UnitOfWork


def find_payers(uow: UnitOfWork, text: str, *, limit: int = 20) -> Sequence[PersonRow]:
    """People by invoice number, member number, or part of the name, its reading or roman letters."""
    text = text.strip()
    if not text:
        return []
    kana = fold_kana(text)
    by_invoice = sa.select(RequestRow.payer_id).where(RequestRow.invoice_number == text)
    alias = sa.select(PersonRow.merged_into).where(PersonRow.id.in_(by_invoice))
    statement = sa.select(PersonRow).where(
        PersonRow.kind != "contact",  # what they pay, they pay for their corporate member
        PersonRow.merged_into.is_(None),
        sa.or_(
            PersonRow.id.in_(by_invoice),
            PersonRow.id.in_(alias),
            PersonRow.number == text,
            PersonRow.name.contains(text, autoescape=True),
            PersonRow.kana.contains(kana, autoescape=True),
            PersonRow.roman.icontains(text, autoescape=True),
        ),
    )
    return uow.session.scalars(statement.order_by(PersonRow.kana, PersonRow.id).limit(limit)).all()


def requests_by_payer(uow: UnitOfWork, payer_ids: Sequence[str]) -> dict[str, list[RequestRow]]:
    """Their open requests, oldest first."""
    payer = sa.func.coalesce(PersonRow.merged_into, RequestRow.payer_id, type_=Id)
    statement = (
        sa.select(payer, RequestRow)
        .outerjoin(PersonRow, PersonRow.id == RequestRow.payer_id)
        .where(sa.or_(RequestRow.payer_id.in_(payer_ids), PersonRow.merged_into.in_(payer_ids)))
        .where(RequestRow.state == "open")
    )
    found: dict[str, list[RequestRow]] = {id: [] for id in payer_ids}
    for id, request in uow.session.execute(statement.order_by(RequestRow.due_on, RequestRow.id)):
        found[id].append(request)
    return found
