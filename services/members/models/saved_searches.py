"""Searches that somebody has given a name 保存した検索."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class SavedSearchRow(SocietyOwned, Base):
    """The conditions of a search; whom it finds is looked up whenever it is opened."""

    __tablename__ = "saved_searches"
    __table_args__ = (sa.UniqueConstraint("society_id", "owner_id", "name"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    owner_id: Mapped[str] = mapped_column(Id)  # account
    owner_name: Mapped[str]
    name: Mapped[str]
    shared: Mapped[bool]  # all of the office see it
    conditions: Mapped[dict[str, Any]] = mapped_column(Json)  # of a MemberSearch
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
