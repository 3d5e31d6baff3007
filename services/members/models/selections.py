"""Members that somebody has chosen from a search, in its order, to do something with all of them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class SelectionRow(SocietyOwned, Base):
    """A chosen list. It stays as it was chosen, whatever the search would find later."""

    __tablename__ = "selections"
    __table_args__ = (sa.Index("ix_selections_made_at", "made_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    count: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str]


class SelectedRow(SocietyOwned, Base):
    """One member of a chosen list."""

    __tablename__ = "selected_members"
    __table_args__ = (sa.UniqueConstraint("selection_id", "member_id"),)

    selection_id: Mapped[str] = mapped_column(sa.ForeignKey("selections.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)  # 1, 2, 3, … in the order of the list
    member_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"))
