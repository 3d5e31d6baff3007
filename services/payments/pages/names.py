"""Who and what an id stands for, for lists."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from services.payments.models import RequestRow
from shared.people import PersonRow
from shared.uow import UnitOfWork


def names_of(uow: UnitOfWork, ids: Iterable[str | None]) -> dict[str | None, PersonRow]:
    """People by id."""
    wanted = {id for id in ids if id}
    return {row.id: row for row in uow.session.scalars(sa.select(PersonRow).where(PersonRow.id.in_(wanted)))}


def requests_of(uow: UnitOfWork, invoice_ids: Iterable[str | None]) -> dict[str | None, RequestRow]:
    """Requests by the id of their invoice."""
    wanted = {id for id in invoice_ids if id}
    statement = sa.select(RequestRow).where(RequestRow.invoice_id.in_(wanted))
    return {row.invoice_id: row for row in uow.session.scalars(statement)}
