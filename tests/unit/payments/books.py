"""The books after everything: they balance, and say what the payments say."""

from __future__ import annotations

import sqlalchemy as sa

from services.payments.ledger import PAYERS, UNIDENTIFIED, trial_balance
from services.payments.models import DepositRow, EntryRow, PaymentRow
from tests.unit.payments.world import World


def assert_books_balance(world: World, *, received: int | None = None) -> None:
    """I3, I4: what payers gave = payments that were not reversed; suspense = the queue; all accounts sum to zero."""
    with world.look() as uow:
        balances = {balance.account: balance.balance for balance in trial_balance(uow)}
        payments = uow.session.scalars(sa.select(PaymentRow)).all()
        queue = uow.session.scalars(sa.select(DepositRow).where(DepositRow.state == "unidentified")).all()
        for entry in uow.session.scalars(sa.select(EntryRow)):
            assert entry.postings
    kept = sum(payment.amount for payment in payments if not payment.is_reversed)
    assert sum(balances.values()) == 0
    assert balances[PAYERS] == -kept
    assert balances[UNIDENTIFIED] == -sum(-row.amount if row.reversal else row.amount for row in queue)
    if received is not None:
        assert kept == received
