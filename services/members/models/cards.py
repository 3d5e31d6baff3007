"""What shows that somebody is a member: codes behind QRs, certificates 会員証明書, and what is said on them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned, current_society

IN_FORCE = sa.text("ended_at IS NULL AND certificate_id IS NULL")


class CertificateRow(SocietyOwned, Base):
    """A certificate as it was issued. The PDF is printed from `facts`, again and again alike."""

    __tablename__ = "certificates"
    __table_args__ = (
        sa.UniqueConstraint("society_id", "number"),
        sa.Index("ix_certificates_person_id", "person_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    number: Mapped[int]  # 1, 2, 3 … in the society, without gaps
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"))
    language: Mapped[str]
    issued_on: Mapped[date]
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    issued_by: Mapped[str]  # name
    facts: Mapped[dict[str, Any]] = mapped_column(Json)  # all that it states, frozen


class CodeRow(SocietyOwned, Base):
    """A code of a member's card, or of a certificate. Of a card one counts at a time. Only its digest is stored."""

    __tablename__ = "verification_codes"
    __table_args__ = (
        sa.Index("ix_verification_codes_person_id", "person_id"),
        sa.Index(
            "uq_verification_codes_in_force", "person_id", unique=True, postgresql_where=IN_FORCE, sqlite_where=IN_FORCE
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"))
    certificate_id: Mapped[str | None] = mapped_column(sa.ForeignKey("certificates.id"))
    secret: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    made_by: Mapped[str]  # name; empty: by the system, when the card was shown first
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CardSettingsRow(SocietyOwned, Base):
    """What a society says of its cards and certificates; without a row, nothing."""

    __tablename__ = "card_settings"

    society_id: Mapped[str] = mapped_column(Id, primary_key=True, default=current_society.get)
    valid_until: Mapped[date | None]  # of cards; none, or a day that is over: the end of the fiscal year
    signatory: Mapped[str] = mapped_column(default="")  # who signs certificates: 会長 集い 太郎
    signatory_en: Mapped[str] = mapped_column(default="")
