"""The histories of members: standings 会員状況履歴 and categories 会員種別."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class DatedEntry(SocietyOwned, Base):
    """From this day on something holds of a member. No two of a kind start on one day.

    Without `in_force_at` it is a scheduled change 変更予定: it takes effect by itself on its day."""

    __abstract__ = True

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"))
    starts_on: Mapped[date]
    in_force_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by: Mapped[str]  # name; empty: by the system


def _scheduled(table: str) -> sa.Index:
    """What the ticker looks for."""
    waiting = sa.text("in_force_at IS NULL")
    return sa.Index(f"ix_{table}_scheduled", "society_id", "starts_on", postgresql_where=waiting, sqlite_where=waiting)


class StandingRow(DatedEntry):
    __tablename__ = "standings"
    __table_args__ = (
        sa.UniqueConstraint("member_id", "starts_on"),
        sa.Index("ix_standings_society_id_standing", "society_id", "standing", "starts_on", "member_id"),
        _scheduled("standings"),
    )

    standing: Mapped[str]


class CategoryEntryRow(DatedEntry):
    __tablename__ = "category_entries"
    __table_args__ = (sa.UniqueConstraint("member_id", "starts_on"), _scheduled("category_entries"))

    category: Mapped[str]  # the code
