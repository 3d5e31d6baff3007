"""Tables of notifications: letters, and notes of what they speak of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import NAMING, Id, Json, UtcDateTime
from shared.society import SocietyOwned

OPEN = ("queued", "retrying", "sending")
OPEN_SQL = "state IN ('queued', 'retrying', 'sending')"
RESENDABLE = ("failed", "bounced", "unknown")
STATES = (*OPEN, "sent", *RESENDABLE, "cancelled")


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)


class LetterRow(SocietyOwned, Base):
    """One letter 送信メール to one recipient, because of one cause.

    queued → sending → sent; retrying: the server asked to come again; unknown: the server took it and then fell silent,
    so that nobody knows; bounced: no such mailbox; failed: given up; cancelled: it had become pointless.
    Address, name, language, subject and text are those of the last attempt: empty until then."""

    __tablename__ = "letters"
    __table_args__ = (
        sa.UniqueConstraint("society_id", "cause"),
        sa.Index(
            "ix_letters_due",
            "society_id",
            "bulk",
            "next_try_at",
            "id",
            postgresql_where=sa.text(OPEN_SQL),
            sqlite_where=sa.text(OPEN_SQL),
        ),
        sa.Index("ix_letters_person_id", "person_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str]  # name of its template
    cause: Mapped[str]  # kind, what caused it, recipient: one letter for each, whatever is repeated
    person_id: Mapped[str | None] = mapped_column(Id)  # None: the office of the society
    invoice_id: Mapped[str | None] = mapped_column(Id)  # the invoice that it speaks of
    about: Mapped[str] = mapped_column(sa.Text)  # JSON: the facts for the template
    bulk: Mapped[bool]  # waits behind letters that a person waits for
    state: Mapped[str]
    queued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # while sending: when the sender counts as dead
    attempts: Mapped[int]
    doubtful: Mapped[bool]  # an earlier attempt may have arrived
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    message_id: Mapped[str | None]  # the same in every attempt
    address: Mapped[str | None]
    name: Mapped[str | None]
    language: Mapped[str | None]
    subject: Mapped[str | None]
    text: Mapped[str | None] = mapped_column(sa.Text)
    delivery: Mapped[str | None] = mapped_column(sa.Text)  # what the mail server said last, or why nothing was sent

    @property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.about)
        return found


class NoteRow(SocietyOwned, Base):
    """The newest known public state of something that letters speak of: a published event, or an invoice that changed
    after it was created (unchanged ones stand in their letter)."""

    __tablename__ = "notes"

    id: Mapped[str] = mapped_column(Id, primary_key=True)  # of the thing itself
    revision: Mapped[int]
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
