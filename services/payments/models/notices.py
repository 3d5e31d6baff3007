"""What providers told us, as it came in."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.payments.models.base import Base
from shared import clock
from shared.db import Id, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned

_WAITS = sa.text("state = 'waiting'")


class NoticeRow(SocietyOwned, Base):
    """One webhook, stored raw before anything is done about it. Its event id is unique for ever: it counts once.

    `waiting`: not applied yet (what it speaks of is not known yet, or applying failed); `ignored`: it changes nothing
    any more (out of order, illegal after what is known); `quarantined`: it contradicts our books, staff must look."""

    __tablename__ = "provider_notices"
    __table_args__ = (
        sa.UniqueConstraint("society_id", "provider", "event_id"),
        sa.Index("ix_provider_notices_waiting", "next_try_at", postgresql_where=_WAITS, sqlite_where=_WAITS),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    provider: Mapped[str]
    event_id: Mapped[str]
    kind: Mapped[str]
    reference: Mapped[str]
    body: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(default="waiting")  # waiting | applied | ignored | quarantined
    reason: Mapped[str | None]
    attempt_id: Mapped[str | None] = mapped_column(Id)
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
