"""Other programs of a society 外部連携 that use the API in their own name."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class IntegrationRow(SocietyOwned, Base):
    """A program: what it may is bounded by roles of staff and by scopes (`billing:read`), and both must allow it."""

    __tablename__ = "integrations"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str]
    roles: Mapped[list[str]] = mapped_column(Json)
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class IntegrationKeyRow(SocietyOwned, Base):
    """A key of a program. `secret` is the SHA-256 of what the program holds; two may live side by side, so that one
    replaces the other without a gap. Tokens carry `session_id`: another one ends all that were given out before."""

    __tablename__ = "integration_keys"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    integration_id: Mapped[str] = mapped_column(sa.ForeignKey("integrations.id"), index=True)
    secret: Mapped[str] = mapped_column(unique=True)
    ending: Mapped[str]  # the last characters, by which people tell keys apart
    session_id: Mapped[str] = mapped_column(Id, default=new_id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def lives(self, now: datetime) -> bool:
        return self.removed_at is None and self.expires_at > now
