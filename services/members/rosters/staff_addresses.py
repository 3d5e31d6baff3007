"""A roster never moves the e-mail address of staff: their password links go there, and with them their roles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from services.members.models import AccountRow, MemberRow, StagedRow
from shared.errors import N_, Fault
from shared.uow import UnitOfWork

TEXT = N_("This member works for the office: an administrator changes the e-mail address on the member's page.")


def moved_addresses(roster_id: str) -> sa.Select[Any]:
    """The staged rows that would move one."""
    return (
        sa.select(StagedRow.row)
        .join(MemberRow, MemberRow.id == StagedRow.member_id)
        .join(AccountRow, AccountRow.person_id == MemberRow.id)
        .where(
            StagedRow.roster_id == roster_id,
            StagedRow.action == "changed",
            sa.cast(AccountRow.roles, sa.Text) != "[]",  # operators have roles, too
            StagedRow.email.is_distinct_from(MemberRow.email),
        )
        .order_by(StagedRow.row)
    )


def find_moved_addresses(uow: UnitOfWork, roster_id: str) -> Iterator[Fault]:
    for row in uow.session.scalars(moved_addresses(roster_id)):
        yield Fault(TEXT, field="email", row=row)
