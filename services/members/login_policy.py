"""Who has a second step of the login, and who must have one."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from services.members.models import AccountRow, LoginPolicyRow, SecondFactorRow
from shared.uow import UnitOfWork


def factor_of(uow: UnitOfWork, account_id: str) -> SecondFactorRow | None:
    """What an account has confirmed."""
    row = uow.session.get(SecondFactorRow, account_id)
    return row if row and row.confirmed_at else None


def staff_need_factor(uow: UnitOfWork) -> bool:
    row = uow.session.get(LoginPolicyRow, uow.society_id)
    return bool(row and row.staff_need_second_factor)


def accounts_with_factor(uow: UnitOfWork, account_ids: Sequence[str]) -> set[str]:
    statement = sa.select(SecondFactorRow.account_id).where(SecondFactorRow.account_id.in_(account_ids), is_confirmed())
    return set(uow.session.scalars(statement))


def is_confirmed() -> sa.ColumnElement[bool]:
    return SecondFactorRow.confirmed_at.is_not(None)


def must_set_up(uow: UnitOfWork, account: AccountRow) -> bool:
    """Whoever has a role of the office, where the society asks for it, and has no app yet."""
    return bool(account.roles) and staff_need_factor(uow) and factor_of(uow, account.id) is None
