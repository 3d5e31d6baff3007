"""The ticker's memory: when each piece of due work last succeeded, and who is at it just now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from shared.db import KitBase, UtcDateTime


class TickRow(KitBase):
    """One piece of due work of this service. The lease keeps two tickers from doing it at once."""

    __tablename__ = "ticks"

    name: Mapped[str] = mapped_column(primary_key=True)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_success: Mapped[datetime | None] = mapped_column(UtcDateTime)
