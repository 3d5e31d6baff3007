"""Credit 過払い: what a payer paid and no invoice took up. It stays until an invoice uses it (B10).

The credit row of a payer is the lock of that payer's money: whoever moves money takes it first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from services.billing.models import AllocationRow, CreditRow, PaymentRow
from shared.messages.billing import CreditChanged
from shared.people import ids_of
from shared.uow import UnitOfWork


def lock_account(uow: UnitOfWork, payer_id: str) -> CreditRow:
    """The payer's account, locked until the transaction ends; opened if there is none."""
    insert: Any = postgresql.insert if uow.session.connection().dialect.name == "postgresql" else sqlite.insert
    values = {"payer_id": payer_id, "society_id": uow.society_id, "balance": 0, "revision": 0, "changed_at": uow.now}
    uow.session.execute(insert(CreditRow).values(values).on_conflict_do_nothing(index_elements=["payer_id"]))
    statement = sa.select(CreditRow).where(CreditRow.payer_id == payer_id).with_for_update()
    return uow.session.scalars(statement.execution_options(populate_existing=True)).one()


def settle(uow: UnitOfWork, account: CreditRow) -> None:
    """Work out the balance from payments and allocations, and say so if it changed. Call with the account locked."""
    uow.session.flush()
    of_payer = sa.and_(PaymentRow.payer_id == account.payer_id, PaymentRow.state == "received")
    received = uow.session.scalar(sa.select(sa.func.coalesce(sa.func.sum(PaymentRow.amount), 0)).where(of_payer))
    applied = sa.select(sa.func.coalesce(sa.func.sum(AllocationRow.amount), 0)).join(
        PaymentRow, PaymentRow.id == AllocationRow.payment_id
    )
    balance = int(received or 0) - int(uow.session.scalar(applied.where(of_payer)) or 0)
    if balance == account.balance:
        return
    account.balance, account.changed_at = balance, uow.now
    account.revision += 1
    uow.say(
        CreditChanged(
            payer_id=account.payer_id, balance=balance, revision=account.revision, changed_at=account.changed_at
        )
    )


def balance_of(uow: UnitOfWork, payer_id: str) -> int:
    """Yen, under all ids of the payer."""
    balances = sa.select(sa.func.sum(CreditRow.balance)).where(CreditRow.payer_id.in_(ids_of(uow, payer_id)))
    return int(uow.session.scalar(balances) or 0)


def unused_payments(uow: UnitOfWork, payer_ids: Sequence[str]) -> list[tuple[PaymentRow, int]]:
    """Payments under the ids of a payer that are not wholly applied, oldest first, each with what is left of it."""
    used = (
        sa.select(AllocationRow.payment_id, sa.func.sum(AllocationRow.amount).label("amount"))
        .group_by(AllocationRow.payment_id)
        .subquery()
    )
    left = PaymentRow.amount - sa.func.coalesce(used.c.amount, 0)
    statement = (
        sa.select(PaymentRow, left)
        .outerjoin(used, used.c.payment_id == PaymentRow.id)
        .where(PaymentRow.payer_id.in_(payer_ids), PaymentRow.state == "received", left > 0)
        .order_by(PaymentRow.received_on, PaymentRow.id)
    )
    return [(payment, int(amount)) for payment, amount in uow.session.execute(statement)]
