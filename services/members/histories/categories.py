"""One member's history of categories 会員種別, as the office changes it (M8)."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa

from services.members.histories.changing import entry_of, lock_history, replace_entries
from services.members.histories.entries import Entry
from services.members.histories.tracks import CATEGORY
from services.members.models import CategoryRow, MemberRow
from shared.errors import N_, Fault, InvalidInput
from shared.uow import UnitOfWork


def change_category_of(uow: UnitOfWork, member_id: str, category: str, starts_on: date) -> MemberRow:
    """From a day on the member has another category; on a day to come, it is scheduled.

    Raises NotFound, InvalidInput, CategoryOnThatDay."""
    row, history = lock_history(uow, CATEGORY, member_id)
    before = [CATEGORY.entry(entry).value for entry in history if entry.starts_on < starts_on]
    if before[-1:] == [category]:
        raise InvalidInput(faults=[Fault(N_("The member has this category then already."), field="category")])
    check_category(uow, category)
    return replace_entries(uow, CATEGORY, row, history, [], [Entry(starts_on, category)])


def edit_category_entry(uow: UnitOfWork, member_id: str, id: str, category: str, starts_on: date) -> MemberRow:
    """Put an entry right. Raises NotFound, InvalidInput, CategoryOnThatDay, NoCategoryToday."""
    row, history = lock_history(uow, CATEGORY, member_id)
    check_category(uow, category)
    return replace_entries(uow, CATEGORY, row, history, [entry_of(history, id)], [Entry(starts_on, category)])


def check_category(uow: UnitOfWork, code: str) -> None:
    """It stays until this transaction ends. Raises InvalidInput."""
    known = sa.select(CategoryRow).where(CategoryRow.code == code).with_for_update(read=True)
    if uow.session.scalars(known).first() is None:
        raise InvalidInput(faults=[Fault(N_("There is no such category."), field="category")])
