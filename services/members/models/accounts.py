"""Accounts, their sessions and the links that set a password. The login id is the person's e-mail address."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.members.models.base import Base
from shared.db import Id, Json, UtcDateTime
from shared.ids import new_id
from shared.society import SocietyOwned


class AccountRow(SocietyOwned, Base):
    """Who can log in. `roles` are those of staff; what somebody may as a member follows from their standing."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("members.id"), unique=True)
    password_hash: Mapped[str | None]
    roles: Mapped[list[str]] = mapped_column(Json, default=list)
    is_staff: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="active")  # active | closed
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    invited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginSessionRow(SocietyOwned, Base):
    """One browser that is logged in. `secret` is the SHA-256 of what its cookie holds."""

    __tablename__ = "login_sessions"
    __table_args__ = (
        sa.Index("ix_login_sessions_account_id", "account_id"),
        sa.Index("ix_login_sessions_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    secret: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user_agent: Mapped[str]


class PasswordLinkRow(SocietyOwned, Base):
    """A mailed link that sets a password once. `secret` is the SHA-256 of the token. Only the newest is valid."""

    __tablename__ = "password_links"
    __table_args__ = (
        sa.Index("ix_password_links_account_id", "account_id"),
        sa.Index("ix_password_links_expires_at", "expires_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    secret: Mapped[str] = mapped_column(unique=True)
    account_id: Mapped[str] = mapped_column(sa.ForeignKey("accounts.id"))
    purpose: Mapped[str]  # welcome | reissue | operator
    address: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    superseded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PasswordRequestRow(SocietyOwned, Base):
    """Somebody asked for a link by this address. Worked off apart, so that the page answers alike for every address."""

    __tablename__ = "password_requests"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    email: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SetupLinkRow(Base):
    """The link to the first administrator: of an empty installation, or of a society that an operator has made."""

    __tablename__ = "setup_links"

    secret: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    for_society: Mapped[str | None] = mapped_column(Id)  # it belongs to none: whoever opens it is in none yet


class AttemptsRow(SocietyOwned, Base):
    """How often something failed lately from one place or for one account. `key` is a digest, not an address."""

    __tablename__ = "login_attempts"
    __table_args__ = (sa.UniqueConstraint("society_id", "key"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    key: Mapped[str]
    count: Mapped[int]
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
