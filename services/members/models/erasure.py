"""The end of personal data: how long people who have left are kept, who is held back, who was erased."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from services.members.models.keeping import KeptFor
from shared.db import UtcDateTime
from shared.society import SocietyOwned


class PersonKeepingRow(KeptFor, Base):
    """How long a society keeps people who have left."""

    __tablename__ = "person_keeping"


class HoldRow(SocietyOwned, Base):
    """Somebody who is not erased for now 消去の保留: money is owed, something is in dispute."""

    __tablename__ = "erasure_holds"

    person_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(sa.Text)
    held_at: Mapped[datetime] = mapped_column(UtcDateTime)
    held_by: Mapped[str]  # name


class ErasureRow(SocietyOwned, Base):
    """Somebody was erased. Kept for good: it names nobody, and says that the tombstone is no mistake."""

    __tablename__ = "erasures"
    __table_args__ = (sa.Index("ix_erasures_society_id_erased_on", "society_id", "erased_on"),)

    person_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), primary_key=True)
    revision: Mapped[int]  # of the tombstone
    erased_on: Mapped[date]
    cause: Mapped[str]  # time | request
    erased_by: Mapped[str]  # name; empty: by the system
