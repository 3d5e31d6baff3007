"""Pairs of members who may be one person 重複候補, and those of whom the office has said that they are not 別人."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import UtcDateTime
from shared.society import SocietyOwned


class DuplicateRow(SocietyOwned, Base):
    """Two members, the smaller id first. `open` ones come and go with what is known of the two; `different` ones stay
    and are never proposed again."""

    __tablename__ = "duplicates"
    __table_args__ = (sa.Index("ix_duplicates_society_id_state", "society_id", "state", "score"),)

    first_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), primary_key=True)
    second_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), primary_key=True, index=True)
    score: Mapped[int] = mapped_column(default=0)
    reasons: Mapped[int] = mapped_column(default=0)  # bits, see duplicates/evidence.py
    state: Mapped[str] = mapped_column(default="open")  # open | different
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(default="")
