"""Changes of e-mail addresses that wait for their confirmation."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class EmailChangeRow(SocietyOwned, Base):
    """Until somebody confirms it, logged in, the old address stays. `secret` is the SHA-256 of the token in the link.

    `known`: the new address was somebody's already; its link was never valid and never mailed."""

    __tablename__ = "email_changes"
    __table_args__ = (
        sa.Index("ix_email_changes_person_id", "person_id"),
        sa.Index("ix_email_changes_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    secret: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"))
    old: Mapped[str]  # the address then, in lower case
    new: Mapped[str]
    known: Mapped[bool]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
