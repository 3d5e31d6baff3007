"""Of two logins one stays: that of the member who is kept, where they have one. The roles of both are its roles."""

from __future__ import annotations

import sqlalchemy as sa

from services.members.accounts import account_of
from services.members.models import AccountRow, HalfLoginRow, MemberRow, PasswordLinkRow, SavedSearchRow
from services.members.sessions import end_all_sessions
from shared import audit
from shared.uow import UnitOfWork

QUIETLY = {"synchronize_session": False}


def merge_accounts(uow: UnitOfWork, kept: MemberRow, gone: MemberRow) -> None:
    """Sessions of the login that is gone or has another owner end at once, and those of one whose roles change."""
    own, other = account_of(uow, kept.id), account_of(uow, gone.id)
    if other is None:
        return
    if own is None:
        other.person_id = kept.id
    else:
        _close(uow, own, other)
    uow.session.flush()
    end_all_sessions(uow, [other.id])


def _close(uow: UnitOfWork, own: AccountRow, other: AccountRow) -> None:
    before, after = list(own.roles), sorted({*own.roles, *other.roles})
    if before != after:
        own.roles, own.is_staff = after, True
        audit.record(uow, "change-roles", f"account/{own.id}", before={"roles": before}, after={"roles": after})
        end_all_sessions(uow, [own.id])
    other.roles, other.is_staff, other.state, other.password_hash = [], False, "closed", None
    links = sa.update(PasswordLinkRow).where(
        PasswordLinkRow.account_id == other.id,
        PasswordLinkRow.used_at.is_(None),
        PasswordLinkRow.superseded_at.is_(None),
    )
    uow.session.execute(links.values(superseded_at=uow.now), execution_options=QUIETLY)
    halves = sa.delete(HalfLoginRow).where(HalfLoginRow.account_id == other.id)
    uow.session.execute(halves, execution_options=QUIETLY)
    taken = sa.select(SavedSearchRow.name).where(SavedSearchRow.owner_id == own.id)
    for search in uow.session.scalars(
        sa.select(SavedSearchRow).where(SavedSearchRow.owner_id == other.id, SavedSearchRow.name.not_in(taken))
    ):
        search.owner_id = own.id
