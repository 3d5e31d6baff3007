"""Whom an announcement is for, and for how long it is shown."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from services.members.models import AnnouncementRow, MemberRow
from services.members.search_conditions import KINDS
from shared.uow import UnitOfWork

MEMBERS = ("active", "on_leave", "leaving")  # for whom an announcement is that names no standing
STANDINGS_ON_MY_PAGE = (*MEMBERS, "applying")


def standings_of(row: AnnouncementRow) -> tuple[str, ...]:
    return tuple(row.standings) or MEMBERS


def is_for(row: AnnouncementRow, reader: MemberRow) -> bool:
    """Today, by what they are now. `readers` says the same of all members at once."""
    return (
        reader.kind in KINDS
        and reader.standing in standings_of(row)
        and (not row.categories or reader.category in row.categories)
    )


def readers(row: AnnouncementRow) -> sa.Select[Any]:
    statement = sa.select(MemberRow).where(MemberRow.kind.in_(KINDS), MemberRow.standing.in_(standings_of(row)))
    return statement.where(MemberRow.category.in_(row.categories)) if row.categories else statement


def count_readers(uow: UnitOfWork, row: AnnouncementRow) -> int:
    """How many members it reaches, or would reach if it were shown now."""
    return uow.session.scalar(sa.select(sa.func.count()).select_from(readers(row).subquery())) or 0


def shown_now(uow: UnitOfWork) -> tuple[sa.ColumnElement[bool], ...]:
    """`state_on(today) == "published"`, for queries."""
    day = uow.today
    return (
        AnnouncementRow.withdrawn_at.is_(None),
        AnnouncementRow.shown_from <= day,
        sa.or_(AnnouncementRow.shown_until.is_(None), AnnouncementRow.shown_until >= day),
    )
