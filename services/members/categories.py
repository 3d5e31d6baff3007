"""Categories 会員種別 that the society defines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.members.errors.people import CategoryExists, CategoryInUse
from services.members.models import CategoryEntryRow, CategoryRow, MemberRow
from services.members.ordering import move_one_place
from shared import audit, jobs
from shared.errors import NotFound
from shared.jobs import JobRun
from shared.messages.members import PersonChanged
from shared.uow import UnitOfWork

CHUNK = 5_000
TELL = "tell-category"


def list_categories(uow: UnitOfWork) -> Sequence[CategoryRow]:
    """In the society's order."""
    return uow.session.scalars(sa.select(CategoryRow).order_by(CategoryRow.ordinal, CategoryRow.code)).all()


def category_by_code(uow: UnitOfWork, code: str | None) -> CategoryRow | None:
    return uow.session.scalars(sa.select(CategoryRow).where(CategoryRow.code == code)).one_or_none() if code else None


def needed_category(uow: UnitOfWork, code: str) -> CategoryRow:
    """Raises NotFound."""
    found = category_by_code(uow, code)
    if found is None:
        raise NotFound
    return found


def count_members(uow: UnitOfWork) -> dict[str, int]:
    """How many members each category has, by code."""
    statement = (
        sa.select(MemberRow.category, sa.func.count())
        .where(MemberRow.category.is_not(None))
        .group_by(MemberRow.category)
    )
    return {str(code): count for code, count in uow.session.execute(statement).all()}


def add_category(uow: UnitOfWork, *, code: str, name: str, name_en: str) -> CategoryRow:
    """A new last category. Raises CategoryExists."""
    known = list_categories(uow)
    if any(code == row.code or name == row.name for row in known):
        raise CategoryExists
    row = uow.add(
        CategoryRow(code=code, name=name, name_en=name_en, ordinal=max((r.ordinal for r in known), default=0) + 1)
    )
    audit.record(uow, "add-category", f"category/{code}", after={"name": name, "name_en": name_en})
    return row


def change_category(uow: UnitOfWork, code: str, **given: Any) -> CategoryRow:
    """Names, or the format of member numbers. Of a new name the other services hear for each of its members, in the
    background. Raises NotFound, CategoryExists."""
    row = needed_category(uow, code)
    if any(given.get("name") == other.name for other in list_categories(uow) if other.code != code):
        raise CategoryExists
    after = {name: value for name, value in given.items() if value != getattr(row, name)}
    if not after:
        return row
    before = {name: getattr(row, name) for name in after}
    for name, value in after.items():
        setattr(row, name, value)
    audit.record(uow, "change-category", f"category/{code}", before=before, after=after)
    if {"name", "name_en"} & after.keys():
        jobs.start(uow, TELL, {"category": code})
    return row


def move_category(uow: UnitOfWork, code: str, *, up: bool) -> None:
    """One place up or down in the society's order."""
    rows = list_categories(uow)
    at = next((i for i, row in enumerate(rows) if row.code == code), None)
    if at is None:
        raise NotFound
    move_one_place(rows, at, up=up)


def remove_category(uow: UnitOfWork, code: str) -> None:
    """Raises NotFound, CategoryInUse."""
    row = uow.get(CategoryRow, needed_category(uow, code).id, lock=True)  # nobody takes it into use meanwhile
    ever = sa.select(sa.func.count(sa.distinct(CategoryEntryRow.member_id))).where(CategoryEntryRow.category == code)
    count = max(count_members(uow).get(code, 0), uow.session.scalar(ever) or 0)
    if count:
        raise CategoryInUse(count=count)
    audit.record(uow, "remove-category", f"category/{code}", before={"name": row.name, "name_en": row.name_en})
    uow.session.delete(row)


def tell_category(run: JobRun) -> None:
    """Long work: every member of a category is announced anew under its new name."""
    while True:
        with run.chunk() as uow:
            category = needed_category(uow, run.args["category"])
            statement = (
                sa.select(MemberRow).where(MemberRow.category == category.code).order_by(MemberRow.id).limit(CHUNK)
            )
            if run.cursor:
                statement = statement.where(MemberRow.id > run.cursor)
            rows = uow.session.scalars(statement.with_for_update()).all()
            for row in rows:
                row.revision += 1
            uow.say_all(PersonChanged(person=row.public(category)) for row in rows)
            run.done += len(rows)
            if rows:
                run.cursor = rows[-1].id
        if len(rows) < CHUNK:
            return
