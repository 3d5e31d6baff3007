"""Saved searches 保存した検索: conditions under a name, for oneself or for the whole office."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from services.members.errors.lists import SearchNameTaken, TooManySearches
from services.members.models import SavedSearchRow
from services.members.search import known
from services.members.search_conditions import MemberSearch
from shared import audit
from shared.errors import Forbidden, NotFound
from shared.uow import UnitOfWork

MOST = 100  # of one person


def visible_searches(uow: UnitOfWork) -> Sequence[SavedSearchRow]:
    """One's own and those that are shared, by name."""
    mine_or_shared = sa.or_(SavedSearchRow.owner_id == uow.actor.id, SavedSearchRow.shared)
    statement = sa.select(SavedSearchRow).where(mine_or_shared).order_by(SavedSearchRow.name, SavedSearchRow.id)
    return uow.session.scalars(statement).all()


def visible_search(uow: UnitOfWork, id: str, *, lock: bool = False) -> SavedSearchRow:
    """Raises NotFound, also for what somebody else keeps to themselves."""
    row = uow.get(SavedSearchRow, id, lock=lock)
    if not (row.shared or row.owner_id == uow.actor.id):
        raise NotFound
    return row


def may_change(uow: UnitOfWork, row: SavedSearchRow, *, administrator: bool) -> bool:
    """One's own; administrators also what is shared."""
    return row.owner_id == uow.actor.id or (administrator and row.shared)


def save_search(uow: UnitOfWork, search: MemberSearch, *, name: str, shared: bool = False) -> SavedSearchRow:
    """Raises SearchNameTaken, TooManySearches, InvalidInput. Saved twice alike, it is there once."""
    if uow.actor.id is None:
        raise Forbidden
    conditions = known(uow, search).plain()
    mine = uow.session.scalars(sa.select(SavedSearchRow).where(SavedSearchRow.owner_id == uow.actor.id)).all()
    namesake = next((row for row in mine if row.name == name), None)
    if namesake and namesake.shared == shared and MemberSearch.from_plain(namesake.conditions) == search:
        return namesake
    if namesake:
        raise SearchNameTaken.of(name)
    if len(mine) >= MOST:
        raise TooManySearches(most=MOST)
    row = SavedSearchRow(
        owner_id=uow.actor.id,
        owner_name=uow.actor.name,
        name=name,
        shared=shared,
        conditions=conditions,
        changed_at=uow.now,
    )
    uow.add(row)
    uow.session.flush()
    audit.record(uow, "save-search", f"search/{row.id}", after=_facts(row))
    return row


def change_search(
    uow: UnitOfWork,
    id: str,
    *,
    administrator: bool = False,
    name: str | None = None,
    shared: bool | None = None,
    search: MemberSearch | None = None,
) -> SavedSearchRow:
    """Another name, other eyes, other conditions. Raises NotFound, Forbidden, SearchNameTaken, InvalidInput."""
    row = _lock(uow, id, administrator=administrator)
    before = _facts(row)
    if name is not None:
        same_name = sa.select(SavedSearchRow.id).where(
            SavedSearchRow.owner_id == row.owner_id, SavedSearchRow.name == name, SavedSearchRow.id != row.id
        )
        if uow.session.scalar(same_name):
            raise SearchNameTaken.of(name)
        row.name = name
    if shared is not None:
        row.shared = shared
    if search is not None:
        row.conditions = known(uow, search).plain()
    after = _facts(row)
    if after != before:
        row.changed_at = uow.now
        audit.record(uow, "change-search", f"search/{row.id}", before=before, after=after)
    return row


def remove_search(uow: UnitOfWork, id: str, *, administrator: bool = False) -> None:
    """Raises NotFound, Forbidden."""
    row = _lock(uow, id, administrator=administrator)
    audit.record(uow, "remove-search", f"search/{row.id}", before=_facts(row))
    uow.session.delete(row)


def _lock(uow: UnitOfWork, id: str, *, administrator: bool) -> SavedSearchRow:
    row = visible_search(uow, id, lock=True)
    if not may_change(uow, row, administrator=administrator):
        raise Forbidden
    return row


def _facts(row: SavedSearchRow) -> dict[str, object]:
    return {"name": row.name, "shared": row.shared, "conditions": row.conditions}
