"""Attempts: a method that a payer chose for a request, its life at the provider, and the lock on card attempts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.payments.models.base import Base
from services.payments.models.requests import RequestRow
from shared import clock
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned

LIVE = ("starting", "waiting", "authorising")
_IS_LIVE = sa.text("state IN ('starting', 'waiting', 'authorising')")
_IS_ASKED = sa.text("next_ask_at IS NOT NULL")


class AttemptRow(SocietyOwned, Base):
    """One attempt to pay. Written before the provider hears of it; its id is the idempotency key there.

    `starting`: the provider has not answered yet (or nobody knows whether it did). A konbini notice 速報 makes it
    `provisional`; only the final one 確報 makes it `paid`. `pay_until` is what the payer is told, `expires_at` when it
    really ends (bank transfers: a hidden grace, since banks report late)."""

    __tablename__ = "attempts"
    __table_args__ = (
        sa.Index("uq_attempts_live", "request_id", unique=True, postgresql_where=_IS_LIVE, sqlite_where=_IS_LIVE),
        sa.UniqueConstraint("provider", "reference"),
        sa.Index("ix_attempts_ask", "next_ask_at", postgresql_where=_IS_ASKED, sqlite_where=_IS_ASKED),
        sa.Index("ix_attempts_expiry", "expires_at", postgresql_where=_IS_LIVE, sqlite_where=_IS_LIVE),
        sa.Index("ix_attempts_request", "request_id"),
        sa.CheckConstraint("amount > 0", name="amount"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    request_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("requests.id"))
    invoice_id: Mapped[str] = mapped_column(Id)
    payer_id: Mapped[str] = mapped_column(Id)
    account_id: Mapped[str | None] = mapped_column(Id)  # the login that started it: card locks are kept by it
    method: Mapped[str]  # card | konbini | bank_transfer
    chain: Mapped[str | None]
    amount: Mapped[int]
    state: Mapped[str] = mapped_column(default="starting")
    # starting | waiting | authorising | paid | failed | expired | cancelled
    failure: Mapped[str | None]  # authentication_failed | not_enrolled | declined | refused
    provider: Mapped[str]
    reference: Mapped[str | None]  # the provider's number 決済番号
    language: Mapped[str] = mapped_column(default="ja")
    pay_until: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    redirect_url: Mapped[str | None]
    instructions: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    provisional: Mapped[bool] = mapped_column(default=False)
    provisional_as_of: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_ask_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked: Mapped[int] = mapped_column(default=0)
    void: Mapped[bool] = mapped_column(default=False)  # to be cancelled at the provider, and it has not agreed yet
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    request: Mapped[RequestRow] = relationship(viewonly=True)

    @property
    def is_live(self) -> bool:
        return self.state in LIVE


class CardLockRow(SocietyOwned, Base):
    """Card attempts of one login, one after the other; after a failed 3-D Secure none until `locked_until` (P3)."""

    __tablename__ = "card_locks"
    __table_args__ = (sa.UniqueConstraint("society_id", "account_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None]


class AccountRow(SocietyOwned, Base):
    """A dedicated account number 専用口座番号 (branch and account, 10 digits), given to one attempt for ever."""

    __tablename__ = "accounts"
    __table_args__ = (sa.UniqueConstraint("society_id", "bank", "number"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    bank: Mapped[str]
    number: Mapped[str]
    attempt_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("attempts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
