"""The tables of the audit trail: entries, their chain, and how far it was checked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Id, Json, KitBase, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned, current_society


class AuditRow(SocietyOwned, KitBase):
    """One action. Never changed, never deleted: the database refuses both."""

    __tablename__ = "audit"
    __table_args__ = (sa.Index("ix_audit_society_id_id", "society_id", "id"),)

    society_id: Mapped[str] = mapped_column(Id, default=current_society.get, sort_order=-1)
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_kind: Mapped[str]
    actor_id: Mapped[str | None]
    actor_name: Mapped[str]
    action: Mapped[str]  # verb-noun, as the use-case: "confirm-run"
    subject: Mapped[str]  # "run/<id>"
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    after: Mapped[dict[str, Any] | None] = mapped_column(Json)
    trace: Mapped[str | None]


class ChainRow(SocietyOwned, KitBase):
    """The place of one entry in the chain of its society; numbers go from 1 without a gap. Kept as entries are."""

    __tablename__ = "audit_chain"

    society_id: Mapped[str] = mapped_column(Id, primary_key=True, default=current_society.get)
    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[str] = mapped_column(Id, unique=True)
    hash: Mapped[str]  # of the hash before it, the number and the whole entry: `chain.link`
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CheckRow(KitBase):
    """How far the chain of a society was checked, and its head anchored. What it says can be found out again."""

    __tablename__ = "audit_checks"

    society: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # so far, in the check that is under way; 0: none is
    hash: Mapped[str] = mapped_column(default="")
    found: Mapped[int] = mapped_column(default=0)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the last check that came to its end
    checked_to: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    faults: Mapped[int] = mapped_column(default=0)
    anchored_to: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    anchored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
