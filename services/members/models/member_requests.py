"""What members ask the office for 届出: another name, a leave of absence, to withdraw."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class RequestRow(SocietyOwned, Base):
    """One request. Nothing changes before the office has accepted it; of each kind one waits at a time."""

    __tablename__ = "member_requests"
    __table_args__ = (
        sa.Index("ix_member_requests_person_id", "person_id"),
        sa.Index("ix_member_requests_society_id_state", "society_id", "state"),
        sa.Index(
            "uq_member_requests_waiting",
            "person_id",
            "kind",
            unique=True,
            postgresql_where=sa.text("state = 'waiting'"),
            sqlite_where=sa.text("state = 'waiting'"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"))
    kind: Mapped[str]  # name | leave | withdrawal
    asked: Mapped[dict[str, Any]] = mapped_column(Json)  # name, kana, roman; or `day`, an ISO date
    reason: Mapped[str] = mapped_column(sa.Text)
    state: Mapped[str] = mapped_column(default="waiting")  # waiting | accepted | refused | taken_back
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(default="")
    day: Mapped[date | None]  # from which, or until which, the office has accepted it
    answer: Mapped[str] = mapped_column(sa.Text, default="")  # of the office, to the member
