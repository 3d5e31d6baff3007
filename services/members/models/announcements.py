"""Announcements お知らせ, the files attached to them, and who has read which."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class AnnouncementRow(SocietyOwned, Base):
    """One announcement. `ordinal` is the office's own order, smaller first; the period does not change it.

    Codes of categories and standings say whom it is for; an empty list does not narrow."""

    __tablename__ = "announcements"
    __table_args__ = (sa.Index("ix_announcements_society_id_ordinal", "society_id", "ordinal"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    ordinal: Mapped[int]
    revision: Mapped[int] = mapped_column(default=0)
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    body: Mapped[str] = mapped_column(sa.Text, default="")
    body_en: Mapped[str] = mapped_column(sa.Text, default="")
    shown_from: Mapped[date | None]  # None: a draft
    shown_until: Mapped[date | None]  # the last day; None: no end
    categories: Mapped[list[str]] = mapped_column(Json, default=list)
    standings: Mapped[list[str]] = mapped_column(Json, default=list)
    by_mail: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # when the readers' mail was set going
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def state_on(self, day: date) -> str:
        """draft | scheduled | published | over | withdrawn."""
        if self.withdrawn_at:
            return "withdrawn"
        if self.shown_from is None:
            return "draft"
        if day < self.shown_from:
            return "scheduled"
        return "over" if self.shown_until and self.shown_until < day else "published"

    def title_in(self, language: str) -> str:
        return (self.title_en or self.title) if language == "en" else self.title

    def body_in(self, language: str) -> str:
        return (self.body_en or self.body) if language == "en" else self.body


class AttachmentRow(SocietyOwned, Base):
    """A file of an announcement. Its kind was looked at when it came in; it never changes."""

    __tablename__ = "attachments"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    announcement_id: Mapped[str] = mapped_column(sa.ForeignKey("announcements.id"), index=True)
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]  # bytes
    sha256: Mapped[str]


class AttachmentPartRow(SocietyOwned, Base):
    """A piece of an attached file."""

    __tablename__ = "attachment_parts"

    attachment_id: Mapped[str] = mapped_column(sa.ForeignKey("attachments.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes]


class ReadRow(SocietyOwned, Base):
    """A member has opened an announcement. Without a row it is new to them."""

    __tablename__ = "announcement_reads"

    announcement_id: Mapped[str] = mapped_column(sa.ForeignKey("announcements.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), primary_key=True, index=True)
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)
