"""Applications 入会申請 and the terms 会員規約 that applicants accept."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class TermsRow(SocietyOwned, Base):
    """One edition of the terms. Never changed: who accepted it accepted these words. The newest is in force."""

    __tablename__ = "terms"
    __table_args__ = (sa.UniqueConstraint("society_id", "edition"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    edition: Mapped[int]  # 1, 2, 3, …
    text: Mapped[str] = mapped_column(sa.Text)
    text_en: Mapped[str] = mapped_column(sa.Text)  # may be empty: then English readers see the Japanese one
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    published_by: Mapped[str]

    def text_in(self, language: str) -> str:
        return (self.text_en or self.text) if language == "en" else self.text


class ApplicationRow(SocietyOwned, Base):
    """One application, from the verification mail on. `secret` is the SHA-256 of the token in its link.

    Open until it is sent (`sent_at`, `member_id`), superseded by a newer one of the same address, voided by staff,
    or 24 hours old. `known`: the address had a person already; its link was never valid and never mailed."""

    __tablename__ = "applications"
    __table_args__ = (
        sa.Index("ix_applications_society_id_email", "society_id", "email"),
        sa.Index("ix_applications_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    secret: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str]  # in lower case
    language: Mapped[str]
    terms_id: Mapped[str] = mapped_column(sa.ForeignKey("terms.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    known: Mapped[bool] = mapped_column(default=False)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    member_id: Mapped[str | None] = mapped_column(sa.ForeignKey("members.id"))
